import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";
import { twoClients } from "./waits.ts";

export const clients: Lesson = {
  id: "several-clients",
  part: PARTS.many,
  title: { en: "Several clients at once", zh: "同时服务多个客户端" },
  text: {
    en: `
The clients are those of the last lesson. The server has changed in one place: each conversation is a function of its own,
\`talk(conn)\`, and \`accept()\` does **not** wait for it to end. There is no \`await\` before the call.

In Python each \`talk\` would be a thread (\`threading.Thread(target=talk, args=(conn,)).start()\`), or the server a
\`socketserver.ThreadingTCPServer\`. In JavaScript a function that waits lets others run meanwhile, so one thread is enough.

The second client now has its answer after one round trip. In the editor several lines of the server are marked as waiting at
the same time: \`accept()\` for the next client, and one \`recv()\` for each conversation.
`,
    zh: `
客户端与上一课相同。服务端只改了一处：每个对话放进单独的函数 \`talk(conn)\`，而 \`accept()\` 的循环**不等**它结束，
调用前面没有 \`await\`。

在 Python 中，每个 \`talk\` 会是一个线程（\`threading.Thread(target=talk, args=(conn,)).start()\`），或者直接使用
\`socketserver.ThreadingTCPServer\`。在 JavaScript 中，一个函数等待时，其他函数可以继续运行，所以一个线程就够了。

现在第二个客户端只要一个往返就得到了回答。在编辑器里，服务端有几行同时标记为正在等待：\`accept()\`
在等下一个客户端，而每个对话各有一个 \`recv()\` 在等待。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.socket();
server.bind(["", 6969]);
server.listen(5);
for (;;) {
  const [conn, address] = await server.accept();
  talk(conn, address); // ${note("no await: on to the next client", "不加 await：马上等待下一个客户端")}
}

async function talk(conn, address) {
  console.log("serving", address);
  for (;;) {
    const data = await conn.recv(1024);
    if (data.length === 0) break;
    const text = new TextDecoder().decode(data);
    await conn.sendall(text.toUpperCase());
  }
  console.log("gone", address);
  conn.close();
}
`,
    },
    ...twoClients(note),
  ],
  question: {
    en: `
This server never ends, and the page says so: it still waits in \`accept()\`. What happens if an error is thrown in
\`talk\`, say because a client resets its connection?
`,
    zh: `
这个服务端永远不会结束，页面也说明了这一点：它仍在 \`accept()\` 中等待。如果 \`talk\` 中抛出错误，比如某个客户端重置了连接，
会发生什么？
`,
  },
  answer: {
    en: `
Nothing waits for the promise of \`talk\`, so nothing catches the error, and Deno ends the whole process: all other
conversations with it. Write \`talk(conn, address).catch(console.error)\`, so that an error ends one conversation alone.
Python's threads print the error and the other threads go on.
`,
    zh: `
没有代码在等待 \`talk\` 返回的 promise，也就没有代码捕获错误，Deno 会结束整个进程，其他对话也随之中断。应该写成
\`talk(conn, address).catch(console.error)\`，让错误只结束这一个对话。Python 的线程会打印错误，其他线程照常运行。
`,
  },
};
