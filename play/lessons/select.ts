import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";
import { twoClients } from "./waits.ts";

export const select: Lesson = {
  id: "select",
  part: PARTS.many,
  title: { en: "One loop for all: select", zh: "一个循环管全部：select" },
  text: {
    en: `
There is a third way, older than threads: one loop that asks the system **which** of many sockets have something to say.
\`select(rlist, wlist, xlist, timeout)\` waits until at least one is ready and returns three lists: those that can be read,
those that can be written, and those with an error.

The listening socket is in the list too. It counts as readable when a connection waits for \`accept()\`. A connection is
readable when there are bytes, or when its end has come. After \`select()\` has named a socket, \`accept()\` or \`recv()\` on it
does not wait.

There is one place in this server where it waits: line 9. Everything it knows about its clients is in the list \`sockets\`.
`,
    zh: `
还有第三种方法，比线程更古老：用一个循环去问操作系统，众多套接字中**哪些**有事可做。\`select(rlist, wlist, xlist, timeout)\`
一直等到至少有一个就绪，然后返回三个列表：可读的、可写的、发生错误的。

监听套接字也在列表里。有连接等待 \`accept()\` 时，它就算可读。普通连接在有数据到达或者对方已经关闭时可读。\`select()\`
点了名的套接字，对它调用 \`accept()\` 或 \`recv()\` 不会阻塞。

这个服务端只在一个地方等待：第 9 行。它对客户端所知的一切，都在列表 \`sockets\` 里。这就是 IO 多路复用。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.socket();
server.bind(["", 6969]);
server.listen(5);
const sockets = [server];

for (;;) {
  const [readable] = await socket.select(sockets, [], []);
  for (const sk of readable) {
    if (sk === server) { // ${note("a new client", "新的客户端")}
      const [conn, address] = await server.accept();
      console.log("new", address);
      sockets.push(conn);
      continue;
    }
    const data = await sk.recv(1024);
    if (data.length === 0) { // ${note("this client has closed", "这个客户端已经关闭")}
      sockets.splice(sockets.indexOf(sk), 1);
      sk.close();
      console.log("left:", sockets.length - 1);
    } else {
      const text = new TextDecoder().decode(data);
      await sk.sendall(text.toUpperCase());
    }
  }
}
`,
    },
    ...twoClients(note),
  ],
  question: {
    en: `
Give it 0.4 seconds as the fourth argument: \`socket.select(sockets, [], [], 0.4)\`. What does it return when nothing
happened in that time? Print \`readable.length\` to see. (The run then ends at the page's limit of virtual time, or when you
press Stop.)
`,
    zh: `
给 \`select\` 加上第四个参数：\`socket.select(sockets, [], [], 0.4)\`，单位是秒。如果这段时间里什么都没有发生，它返回什么？
打印 \`readable.length\` 看看。（这样运行不会自己结束，会在达到页面的虚拟时间上限或您按“停止”时结束。）
`,
  },
  answer: {
    en: `
Three empty lists; the loop turns once without work. A timeout of 0 only looks and never waits. Without a timeout
\`select()\` waits until something happens.
`,
    zh: `
三个空列表，循环空转一次。超时为 0 表示只看一眼，绝不等待。不给超时，\`select()\` 就一直阻塞，直到有事发生。
`,
  },
};
