import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const echo: Lesson = {
  id: "echo",
  part: PARTS.conversation,
  title: { en: "Echo: a server and a client", zh: "回显：服务端与客户端" },
  text: {
    en: `
A **socket** is one end of a conversation between two programs. The server makes one with \`socket()\`, gives it an
address with \`bind()\` and starts to take calls with \`listen()\`. The client makes one too and calls that address
with \`connect()\`. The server's \`accept()\` returns a **new** socket, \`conn\`: the conversation goes over it,
while the first socket goes on listening.

From then on both ends are alike: \`sendall()\` sends bytes and \`recv(1024)\` takes what has come, at most 1024 bytes.
Both \`accept()\` and \`recv()\` wait until there is something to return. When the client closes its socket, the
server's \`recv()\` returns no bytes at all: the end.

Press **Run**. Then move the slider below the programs back to the start and step forward: you see each packet on its way,
the line at which each program waits (marked yellow), and the state of each socket. Before the first byte of data come the
three packets of the **handshake**: SYN, SYN ACK, ACK.
`,
    zh: `
**套接字**（socket）是两个程序之间一次对话的一端。服务端用 \`socket()\` 创建套接字，用 \`bind()\` 绑定地址，再用
\`listen()\` 开始监听。客户端同样创建一个套接字，用 \`connect()\` 连接这个地址。服务端的 \`accept()\` 返回一个**新的**套接字
\`conn\`：对话通过它进行，而原来的套接字继续监听。

从这时起，两端就没有区别了：\`sendall()\` 发送字节，\`recv(1024)\` 取走已经到达的数据，最多 1024 字节。\`accept()\` 和 \`recv()\`
都会一直等到有结果为止，这就叫**阻塞**。客户端关闭套接字之后，服务端的 \`recv()\` 返回零个字节：对话结束。

请按**运行**。然后把程序下方的滑块拖回开头，一步一步前进：您会看到每个数据包在途中的位置、每个程序正在等待的那一行（黄色标记），
以及每个套接字的状态。在第一个字节的数据之前，先有**三次握手**的三个数据包：SYN、SYN ACK、ACK。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
server.bind(["", 6969]); // ${note("every address of this host", "本机的所有地址")}
server.listen(5);
console.log("waiting for a call");

const [conn, address] = await server.accept();
console.log("call from", address);
for (;;) {
  const data = await conn.recv(1024);
  if (data.length === 0) break; // ${note("the client has closed", "客户端已经关闭")}
  await conn.sendall(data);
}
console.log("the client has hung up");
conn.close();
server.close();
`,
    },
    {
      host: "client",
      code: `import * as socket from "@berkeley/socket";

const client = socket.socket();
await client.connect(["server", 6969]);
await client.sendall("hello");
const data = await client.recv(1024);
console.log("recv:", new TextDecoder().decode(data));
client.close();
`,
    },
  ],
  question: {
    en: `
The client takes 40 ms to connect, although a packet needs only 20 ms from host to host. Which packets does it wait for?
`,
    zh: `
一个数据包从一台主机到另一台只需 20 毫秒，而客户端的 \`connect()\` 用了 40 毫秒。它在等哪些数据包？
`,
  },
  answer: {
    en: `
For its own SYN to reach the server, and for the server's SYN ACK to come back: one round trip. The third packet, the ACK,
is sent by the client as \`connect()\` succeeds; nothing waits for it on this side.
`,
    zh: `
等自己的 SYN 到达服务端，再等服务端的 SYN ACK 返回：一个往返时间。第三个数据包 ACK 是 \`connect()\` 成功时由客户端发出的，
客户端不必为它等待。
`,
  },
};
