import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const udp: Lesson = {
  id: "udp",
  part: PARTS.dialogues,
  title: { en: "The UDP pair", zh: "一对 UDP 程序" },
  text: {
    en: `
A **datagram** needs no connection. \`socket(AF_INET, SOCK_DGRAM)\` makes a UDP socket; \`sendto(data, address)\` sends one
message to an address, and \`recvfrom(1024)\` returns one message and the address that it came from. The server uses that
address to send its \`ok\` back.

Look at the ladder: no handshake, no acknowledgement, no end. Each line that is typed is one packet, each answer another. Each
message also keeps its borders: two \`sendto()\` are never one \`recvfrom()\`.

The server cannot know that the client is gone. It waits for the next datagram, from anywhere.
`,
    zh: `
**数据报**不需要连接。\`socket(AF_INET, SOCK_DGRAM)\` 创建 UDP 套接字；\`sendto(data, address)\` 把一条消息发到某个地址，
\`recvfrom(1024)\` 返回一条消息和它的来源地址。服务端就用这个地址把 \`ok\` 发回去。

请看数据包图：没有握手，没有确认，也没有结束。每输入一行就是一个数据包，每个回答又是一个。每条消息的边界也保持不变：
两次 \`sendto()\` 绝不会合成一次 \`recvfrom()\`。

服务端无从知道客户端已经离开。它只是等待下一个数据报，不论来自哪里。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const sk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 0);
sk.bind(["", 9999]);
for (;;) {
  const [data, address] = await sk.recvfrom(1024);
  console.log(new TextDecoder().decode(data), address);
  await sk.sendto("ok", address);
}
`,
    },
    {
      host: "client",
      typed: ["hello", "你好", "exit"],
      code: `import * as socket from "@berkeley/socket";

const sk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 0);
for (;;) {
  const line = (await input("${note("data", "数据")}: ")).trim();
  if (line === "exit") break;
  await sk.sendto(line, ["server", 9999]);
  const [data, address] = await sk.recvfrom(1024);
  console.log(new TextDecoder().decode(data), address);
}
sk.close();
`,
    },
  ],
  question: {
    en: `
Set the loss to 60 % and run with a few different seeds. What becomes of the client when a datagram is lost, in either direction?
`,
    zh: `
把丢包率设为 60%，换几个种子运行。任何一个方向的数据报丢失，客户端会怎么样？
`,
  },
  answer: {
    en: `
It waits in \`recvfrom()\` for ever: UDP sends nothing again. A client that has to live with loss sets a timeout
(\`sk.settimeout(1)\`), catches the \`TimeoutError\` and sends its question again. The server must then bear the same question twice.
`,
    zh: `
它会永远等在 \`recvfrom()\` 中：UDP 不会重发任何数据。要应付丢包，客户端应设置超时（\`sk.settimeout(1)\`），捕获
\`TimeoutError\`，再把问题发一遍；而服务端就必须能承受同一个问题来两次。
`,
  },
};
