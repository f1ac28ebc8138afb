import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const robot: Lesson = {
  id: "robot",
  part: PARTS.dialogues,
  title: { en: "The robot of 10086", zh: "10086 智能机器人" },
  text: {
    en: `
10086 is the service number of China Mobile. The robot greets each caller, and then answers each message: \`0\` is for a human,
\`exit\` ends the call, everything else it does not understand.

Here the **server** speaks first, so the client begins with \`recv()\`. Both sides follow one rule, the smallest possible
protocol: one message, one answer. After \`exit\` there is no answer; the client must know that and close.

\`settimeout(5)\` on the client bounds every wait: \`connect()\`, \`sendall()\` and \`recv()\` give up with \`TimeoutError\` after 5
seconds without an answer from the robot. Reading your own line is no socket call and has no such limit.
`,
    zh: `
机器人接听每个来电，先问候，然后回答每条消息：\`0\` 转人工服务，\`exit\` 结束通话，其余的它都听不懂。

这里是**服务端**先说话，所以客户端一开始就调用 \`recv()\`。双方遵守同一条规则，也是最简单的协议：一条消息，一个回答。\`exit\`
之后没有回答，客户端必须知道这一点，并关闭连接。

客户端的 \`settimeout(5)\` 给每次等待设定了上限：\`connect()\`、\`sendall()\`、\`recv()\` 如果 5 秒内等不到机器人的回应，就抛出
\`TimeoutError\`。读取您自己输入的一行不是套接字操作，不受此限制。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const sk = socket.socket();
sk.bind(["", 8888]);
sk.listen(5);
for (;;) {
  const [conn, address] = await sk.accept();
  await conn.sendall("欢迎致电 10086,请输入1xxx,0转人工服务.");
  for (;;) {
    const data = await conn.recv(1024);
    const said = new TextDecoder().decode(data);
    if (said === "exit" || data.length === 0) break;
    if (said === "0") await conn.sendall("通话可能会被录音.");
    else await conn.sendall("请重新输入.");
  }
  conn.close();
  console.log("${note("the call is over", "通话结束")}");
}
`,
    },
    {
      host: "client",
      typed: ["1", "0", "exit"],
      code: `import * as socket from "@berkeley/socket";

const sk = socket.socket();
sk.settimeout(5);
await sk.connect(["server", 8888]);
for (;;) {
  const data = await sk.recv(1024);
  console.log("receive:", new TextDecoder().decode(data));
  const line = await input("please input: ");
  await sk.sendall(line);
  if (line === "exit") break;
}
sk.close();
`,
    },
  ],
  question: {
    en: `
The greeting is 26 characters long. How many bytes does it take, and what would the client print if it said \`recv(10)\`?
`,
    zh: `
问候语有 26 个字符。它占多少个字节？如果客户端写的是 \`recv(10)\`，会显示什么？
`,
  },
  answer: {
    en: `
50 bytes: 12 Chinese characters of three bytes each, and 14 others of one. \`recv(10)\` prints \`欢迎致�\`: three characters
and the first byte of the fourth. Worse, the rest of the greeting stays in the buffer, and the client takes it for the answer
to its first message. All that follows is one answer late.
`,
    zh: `
50 个字节：12 个汉字各占三个字节，其余 14 个字符各占一个。\`recv(10)\` 会显示 \`欢迎致�\`：三个汉字，加上第四个汉字的第一个
字节。更糟的是，问候语的其余部分还留在缓冲区里，客户端会把它当作对第一条消息的回答，此后每个回答都错后一步。
`,
  },
};
