import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const connectEx: Lesson = {
  id: "connect_ex",
  part: PARTS.waiting,
  title: { en: "connect_ex and its numbers", zh: "connect_ex 与错误码" },
  text: {
    en: `
\`connect()\` fails with an error. \`connect_ex()\` does the same work and returns a **number** instead: 0 for success, otherwise
the system's \`errno\`. A port scanner or a non-blocking program prefers that.

The numbers belong to the system. Tutorials written on Windows show \`10061\` for a refused connection; Linux says \`111\`, and
both mean ECONNREFUSED. The simulated hosts are Linux:

- \`0\`: connected
- \`11\` EAGAIN: the timeout was over
- \`106\` EISCONN: this socket is connected already
- \`111\` ECONNREFUSED: the host is there, but nothing listens at the port
- \`115\` EINPROGRESS: a non-blocking socket has sent its SYN and does not wait

After 115 the program does something else. \`select()\` names the socket as writable when the attempt is over, and the option
\`SO_ERROR\` tells how it ended.
`,
    zh: `
\`connect()\` 失败时抛出错误。\`connect_ex()\` 做同样的事，但返回一个**数字**：成功是 0，否则是系统的错误码 \`errno\`。
端口扫描器和非阻塞程序更喜欢这种方式。

错误码取决于操作系统。在 Windows 上写的教程里，连接被拒绝是 \`10061\`；在 Linux 上是 \`111\`，两者都是
ECONNREFUSED。这里模拟的主机是 Linux：

- \`0\`：连接成功
- \`11\` EAGAIN：超时时间已到
- \`106\` EISCONN：这个套接字已经连接
- \`111\` ECONNREFUSED：主机存在，但该端口无人监听
- \`115\` EINPROGRESS：非阻塞套接字已发出 SYN，不再等待

得到 115 之后，程序可以去做别的事。连接尝试有了结果，\`select()\` 就会报告该套接字可写，再用选项 \`SO_ERROR\` 查看结果如何。
`,
  },
  silent: ["silent"],
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.create_server(["", 6969]);
for (;;) {
  const [conn] = await server.accept();
  conn.recv(1).then(() => conn.close());
}
`,
    },
    {
      host: "client",
      code: `import * as socket from "@berkeley/socket";

let sk = socket.socket();
let result = await sk.connect_ex(["server", 6969]);
console.log("listening:", result);
result = await sk.connect_ex(["server", 6969]);
console.log("again:", result);
sk.close();

sk = socket.socket();
result = await sk.connect_ex(["server", 81]);
console.log("closed port:", result);
sk.close();

sk = socket.socket();
sk.settimeout(2);
result = await sk.connect_ex(["silent", 80]);
console.log("silent host:", result);
sk.close();

sk = socket.socket();
sk.setblocking(false);
result = await sk.connect_ex(["server", 6969]);
console.log("non-blocking:", result);
await socket.select([], [sk], []); // ${note("until the attempt is over", "直到连接尝试有了结果")}
result = sk.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR);
console.log("then:", result);
sk.close();
`,
    },
  ],
  question: {
    en: `
Let the last attempt go to port 81. What do \`connect_ex()\` and \`SO_ERROR\` say then, and after how long?
`,
    zh: `
让最后一次连接改到 81 端口。这时 \`connect_ex()\` 和 \`SO_ERROR\` 分别是多少，各在多久之后得到？
`,
  },
  answer: {
    en: `
115 at once, as before: the SYN is on its way and nothing is known yet. One round trip later the RST is there, \`select()\`
wakes, and \`SO_ERROR\` says 111. A socket whose attempt failed is writable too; that is why one has to ask.
`,
    zh: `
\`connect_ex()\` 依旧立刻返回 115：SYN 还在路上，结果未知。一个往返之后 RST 到达，\`select()\` 被唤醒，\`SO_ERROR\` 是
111。连接失败的套接字同样“可写”，所以必须再查询一次。
`,
  },
};
