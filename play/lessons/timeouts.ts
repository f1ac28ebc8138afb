import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const timeouts: Lesson = {
  id: "timeouts",
  part: PARTS.waiting,
  title: { en: "Timeouts and setblocking", zh: "超时与 setblocking" },
  text: {
    en: `
A socket waits in one of three ways:

- **blocking**, the default: \`recv()\` waits for ever;
- **with a timeout**: after \`settimeout(1)\` a call waits at most 1 second, then it fails with \`TimeoutError: timed out\`;
- **non-blocking**: after \`setblocking(false)\`, which is \`settimeout(0)\`, a call never waits. Where it would have to, it fails
  at once with \`BlockingIOError\`, number 11 (EAGAIN): try again later.

The server here takes 3 seconds to answer. The client tries all three. Note that a timeout ends the **waiting** only: the
connection stays open and nothing is lost. The answer that comes after the timeout is there for the next \`recv()\`.

The server also waits in \`accept()\` with a timeout: a program that has other work to do looks in between.
`,
    zh: `
套接字的等待方式有三种：

- **阻塞**，也是默认方式：\`recv()\` 一直等下去；
- **限时**：\`settimeout(1)\` 之后，一次调用最多等 1 秒，然后抛出 \`TimeoutError: timed out\`；
- **非阻塞**：\`setblocking(false)\` 等于 \`settimeout(0)\`，调用绝不等待。凡是必须等待的，立刻抛出 \`BlockingIOError\`，错误码
  11（EAGAIN），意思是“稍后再试”。

这里的服务端要 3 秒才回答，客户端把三种方式都试一遍。请注意，超时只是结束了**等待**：连接仍然打开，数据也不会丢失。
超时之后才到的回答，会留给下一次 \`recv()\`。

服务端的 \`accept()\` 也设了超时；程序需要不时去看看别的事情时，就会这样写。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.create_server(["", 6969]);
server.settimeout(0.2);
let conn;
while (conn === undefined) {
  try {
    [conn] = await server.accept();
  } catch (error) {
    console.log(String(error)); // ${note("no client yet", "还没有客户端")}
  }
}
const question = await conn.recv(1024);
await sleep(3); // ${note("thinks", "思考")}
await conn.sendall("42");
conn.close();
server.close();
`,
    },
    {
      host: "client",
      code: `import * as socket from "@berkeley/socket";

await sleep(0.3);
const sk = await socket.create_connection(["server", 6969]);
await sk.sendall("the answer?");

sk.setblocking(false);
try {
  await sk.recv(1024);
} catch (error) {
  console.log(error.name, error.message);
}

sk.settimeout(1);
try {
  await sk.recv(1024);
} catch (error) {
  console.log(error.name, error.message);
}

sk.setblocking(true); // ${note("waits for as long as it takes", "要等多久就等多久")}
console.log(new TextDecoder().decode(await sk.recv(1024)));
sk.close();
`,
    },
  ],
  question: {
    en: `
\`settimeout()\` is often called right after \`socket()\`. What else than \`recv()\` does it bound then?
`,
    zh: `
\`settimeout()\` 常常紧跟在 \`socket()\` 之后调用。这样除了 \`recv()\`，它还限制了什么？
`,
  },
  answer: {
    en: `
\`connect()\`, above all: without it a host that does not answer keeps \`connect()\` waiting for more than two minutes
(lesson 13). It also bounds \`accept()\` and \`sendall()\`. A socket that \`accept()\` returns does not inherit it.
`,
    zh: `
首先是 \`connect()\`：不设超时，遇到不回应的主机，\`connect()\` 要等两分多钟（见第 13 课）。它也限制 \`accept()\` 和
\`sendall()\`。但 \`accept()\` 返回的套接字不会继承这个设置。
`,
  },
};
