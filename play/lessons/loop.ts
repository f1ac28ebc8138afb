import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const loop: Lesson = {
  id: "loop",
  part: PARTS.conversation,
  title: { en: "The loop and exit", zh: "循环与 exit" },
  text: {
    en: `
One question and one answer are no conversation. Here both programs loop: the client asks for a line with \`input(">>: ")\`,
sends it and prints the answer, until the line is \`exit\`. The server loops until the client is gone.

How does the server know? When the client closes, \`recv()\` returns **zero bytes**, at once and every time from then on. A loop
that does not look at the length (as in many a tutorial) turns for ever without waiting.

The lines below the client are typed in advance, one a second, so that the lesson runs by itself. Delete them, and a box asks
you for each line; while it does, virtual time passes as real time.
`,
    zh: `
一问一答还算不上对话。这里两个程序都在循环：客户端用 \`input(">>: ")\` 读取一行，发送出去，显示回答，直到输入 \`exit\`
为止。服务端则一直循环到客户端离开。

服务端怎么知道客户端已经离开？客户端关闭之后，\`recv()\` 会立刻返回**零个字节**，而且从此每次都如此。如果循环不检查长度（许多教程
都没有检查），它就会空转下去，永不停止。

客户端下方的几行是预先输入的内容，每秒输入一行，所以这一课可以自动运行。把它们删掉，就会出现输入框，请您逐行输入；
等待输入期间，虚拟时间与真实时间同步前进。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.socket();
server.bind(["", 6969]);
server.listen();
console.log("listening....");
const [conn, address] = await server.accept();
console.log("call is coming", address);
for (;;) {
  const data = await conn.recv(1024);
  if (data.length === 0) break; // ${note("the end: the client has closed", "结束：客户端已经关闭")}
  const text = new TextDecoder().decode(data);
  console.log("recv:", text);
  await conn.sendall(text.toUpperCase());
}
console.log("the client is gone");
conn.close();
server.close();
`,
    },
    {
      host: "client",
      typed: ["hello", "世界,你好", "exit"],
      code: `import * as socket from "@berkeley/socket";

const client = socket.socket();
await client.connect(["server", 6969]);
for (;;) {
  const line = (await input(">>: ")).trim();
  if (line === "exit") break;
  await client.sendall(line);
  const data = await client.recv(1024);
  console.log("recv:", new TextDecoder().decode(data));
}
client.close();
`,
    },
  ],
  question: {
    en: `
Put an empty line between the lines that are typed in advance and run again. The client never comes to its next line. Why?
`,
    zh: `
在预先输入的各行之间插入一个空行，再运行一次。客户端再也走不到下一行。为什么？
`,
  },
  answer: {
    en: `
The empty line is a message of no bytes, and no bytes are nothing to send: no packet leaves the host. The server goes on
waiting in \`recv()\`, and the client waits in its own \`recv()\` for an answer to a question that was never sent. Each waits
for the other. A program has to leave out empty messages, or to mark where a message ends (lesson 15).
`,
    zh: `
空行就是零个字节的消息，而零个字节等于什么都没有发送：没有任何数据包离开主机。服务端继续在 \`recv()\`
中等待，客户端也在自己的 \`recv()\` 中等待回答，可是问题根本没有发出去。双方互相等待，这就是死锁。程序要么跳过空消息，
要么标明消息在哪里结束（见第 15 课）。
`,
  },
};
