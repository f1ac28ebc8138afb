import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const backlog: Lesson = {
  id: "backlog",
  part: PARTS.many,
  title: { en: "The backlog", zh: "backlog：排队的连接" },
  text: {
    en: `
\`listen(backlog)\` says how many connections may wait for \`accept()\`. Linux lets one more wait than the number says: with
\`listen(1)\` there is room for two.

This server does nothing for two and a half seconds. Meanwhile three sockets connect. Two of them are connected after one
round trip and stand in the queue (follow the slots in the Recv-Q of the listener). The third gets **no answer**: the server's
system drops its SYN, as if it had been lost. Nothing is refused. The client's system sends the SYN again after 1 second, and
again 2 seconds later. By then there is room.

So a full queue looks like a slow network to the client: \`connect()\` takes 3 seconds instead of 40 milliseconds.
`,
    zh: `
\`listen(backlog)\` 指定最多有多少个连接可以排队等待 \`accept()\`。Linux 实际允许比这个数多一个：\`listen(1)\` 可以排两个。

这个服务端最初的两秒半什么也不做，其间有三个套接字来连接。其中两个用一个往返就连上了，排在队列里（请看监听套接字 Recv-Q
中的格子）。第三个**得不到任何回应**：服务端的操作系统丢弃了它的 SYN，就像在网络上丢失了一样。连接并没有被拒绝。客户端的系统在
1 秒后重发 SYN，再过 2 秒又重发一次，这时队列里已经有了空位。

所以在客户端看来，队列满了就像网络变慢：\`connect()\` 用了 3 秒，而不是 40 毫秒。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.socket();
server.bind(["", 6969]);
server.listen(1); // ${note("room for two on Linux", "在 Linux 上可以排两个")}
console.log("busy with something else");
await sleep(2.5);
for (let count = 1; count <= 3; count++) {
  const [conn, [host, port]] = await server.accept();
  console.log("accepted", port);
  conn.close();
}
server.close();
`,
    },
    {
      host: "client",
      code: `import * as socket from "@berkeley/socket";

const start = Date.now();
const seconds = () => ((Date.now() - start) / 1000).toFixed(2);

async function call(number) {
  const sk = socket.socket();
  await sk.connect(["server", 6969]);
  console.log(number, "connected after", seconds(), "s");
  await sk.recv(1); // ${note("until the server closes", "直到服务端关闭")}
  sk.close();
}

call(1);
await sleep(0.1);
call(2);
await sleep(0.1);
call(3);
`,
    },
  ],
  question: {
    en: `
Why does a busy server not simply refuse the connections that do not fit?
`,
    zh: `
队列放不下的连接，繁忙的服务端为什么不干脆拒绝？
`,
  },
  answer: {
    en: `
A refusal is final: the client's \`connect()\` fails and its program has to try again. A dropped SYN is tried again by the
client's system, and mostly a second later there is room. (Windows does refuse, with error 10061; on Linux
\`net.ipv4.tcp_abort_on_overflow\` asks for a reset.)
`,
    zh: `
拒绝是最终的：客户端的 \`connect()\` 失败，程序必须自己重试。而被丢弃的 SYN 会由客户端的系统重发，多半一秒之后就有空位了。
（Windows 确实会拒绝，错误码 10061；在 Linux 上可以用 \`net.ipv4.tcp_abort_on_overflow\` 要求重置。）
`,
  },
};
