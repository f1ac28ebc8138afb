import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

function client(name: string, note: (en: string, zh: string) => string): string {
  return `import * as socket from "@berkeley/socket";

const sk = await socket.create_connection(["server", 8090]);
listen(); // ${note("no await: listens while you type", "不加 await：输入的同时也在接收")}
for (;;) {
  const line = await input("${name}> ");
  if (line === "exit") break;
  await sk.sendall("${name}: " + line + "\\n");
}
await sk.shutdown(socket.SHUT_WR); // ${note("the server closes in answer", "服务端随后也会关闭")}

async function listen() {
  const file = sk.makefile("r");
  for await (const line of file) console.log(line.trimEnd());
  file.close();
  sk.close();
  console.log("${note("left the chat", "已离开聊天室")}");
}
`;
}

export const chat: Lesson = {
  id: "chat",
  part: PARTS.together,
  title: { en: "A chat with select", zh: "用 select 写聊天室" },
  text: {
    en: `
Everything together. What one client says, the server sends to all others. It cannot serve its clients one by one, since any of
them may speak next; so it waits for all of them in one \`select()\`.

A client has two things to wait for as well: the keyboard and the server. It uses two functions that wait side by side. In
Python it would be \`select.select([sys.stdin, sk], [], [])\`; with Deno, \`socket.reader(Deno.stdin)\` puts the terminal into
\`select()\` in the same way.

Each message ends with a newline, and the clients read by lines: a message can neither stick to the next nor come in pieces. Delete
the lines that are typed in advance and talk to yourself.
`,
    zh: `
最后把所有内容放在一起。一个客户端说的话，服务端转发给其他所有客户端。下一个说话的可能是任何一个，所以服务端不能逐个服务，
而是用一个 \`select()\` 同时等待所有客户端。

客户端也要同时等待两样东西：键盘和服务端。这里用两个并行等待的函数。在 Python 中会写成
\`select.select([sys.stdin, sk], [], [])\`；在 Deno 中，\`socket.reader(Deno.stdin)\` 同样可以把终端放进 \`select()\`。

每条消息以换行结束，客户端按行读取，消息既不会粘在一起，也不会断成几块。把预先输入的内容删掉，您就可以自己和自己聊天。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.create_server(["", 8090]);
const clients = [];
for (;;) {
  const all = [server, ...clients];
  const [readable] = await socket.select(all, [], []);
  for (const sk of readable) {
    if (sk === server) {
      const [conn, [host]] = await server.accept();
      console.log("new:", host);
      clients.push(conn);
      continue;
    }
    const data = await sk.recv(4096);
    if (data.length === 0) { // ${note("this one has left", "它离开了")}
      clients.splice(clients.indexOf(sk), 1);
      sk.close();
      continue;
    }
    for (const other of clients) {
      if (other !== sk) await other.sendall(data);
    }
  }
}
`,
    },
    {
      host: "ann",
      typed: ["hello, is anyone here?", "welcome", "exit"],
      code: client("ann", note),
    },
    {
      host: "bob",
      typed: ["你好", "goodbye", "exit"],
      code: client("bob", note),
    },
  ],
  question: {
    en: `
One client stops reading: its program hangs, its buffers fill. What happens to the chat, and how would you mend the server?
`,
    zh: `
如果有一个客户端不再读取数据：程序卡住，缓冲区填满，聊天室会怎样？您会怎样改进服务端？
`,
  },
  answer: {
    en: `
\`await other.sendall(data)\` waits for room in that client's buffer, and meanwhile no client is served. Give each connection a
timeout (\`conn.settimeout(1)\`) and drop a client that cannot keep up; or keep a queue for each client and hand the sockets with
waiting data to \`select()\` as its second list.
`,
    zh: `
\`await other.sendall(data)\` 会等待那个客户端的缓冲区腾出空间，其间所有人都得不到服务。可以给每个连接设置超时
（\`conn.settimeout(1)\`），断开跟不上的客户端；或者给每个客户端准备一个发送队列，把有数据待发的套接字放进 \`select()\`
的第二个列表。
`,
  },
};
