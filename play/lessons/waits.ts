import { PARTS } from "./lesson.ts";
import type { Lesson, LessonProgram } from "./lesson.ts";

/** A client that keeps the server busy for three seconds, and a second client that arrives meanwhile. */
export function twoClients(note: (en: string, zh: string) => string): LessonProgram[] {
  return [
    {
      host: "client1",
      code: `import * as socket from "@berkeley/socket";

const client = socket.socket();
await client.connect(["server", 6969]);
console.log("connected");
for (const word of ["one", "two", "three"]) {
  await client.sendall(word);
  const data = await client.recv(1024);
  console.log("recv:", new TextDecoder().decode(data));
  await sleep(1); // ${note("thinks about the next word", "思考下一个词")}
}
client.close();
console.log("closed");
`,
    },
    {
      host: "client2",
      code: `import * as socket from "@berkeley/socket";

await sleep(0.5); // ${note("comes a little later", "稍晚一点才来")}
const client = socket.socket();
await client.connect(["server", 6969]);
console.log("connected");
await client.sendall("hello");
console.log("sent, now waiting");
const data = await client.recv(1024);
console.log("recv:", new TextDecoder().decode(data));
client.close();
`,
    },
  ];
}

export const waits: Lesson = {
  id: "second-client",
  part: PARTS.many,
  title: { en: "Why the second client waits", zh: "为什么第二个客户端要等待" },
  text: {
    en: `
This server serves one client after the other: \`accept()\`, then the whole conversation, then \`accept()\` again. The first
client talks for three seconds. The second comes after half a second. What happens to it?

Its \`connect()\` succeeds at once: the **system** of the server's host answers the SYN and puts the connection into the
listener's queue, whether the program calls \`accept()\` or not. Its \`hello\` arrives too and is acknowledged. But no program
reads it. The socket table shows where it lies: in the Recv-Q of a connection that no program has accepted, while the listener's
own Recv-Q counts 1 connection that waits.

Only when the first client closes does the server come back to \`accept()\`, and the answer goes out, more than two seconds late.
`,
    zh: `
这个服务端一次只服务一个客户端：先 \`accept()\`，进行完整个对话，再回来 \`accept()\`。第一个客户端要说三秒钟，第二个客户端半秒之后
到来。它会遇到什么？

它的 \`connect()\` 立刻成功：回应 SYN 的是服务端主机的**操作系统**，它把连接放进监听套接字的队列，不管程序有没有调用
\`accept()\`。它的 \`hello\` 也到达了，并得到了确认，只是没有程序去读。从套接字表可以看到数据停在哪里：在一个尚未被 accept
的连接的 Recv-Q 里；而监听套接字自己的 Recv-Q 是 1，表示有一个连接在排队。

直到第一个客户端关闭，服务端才回到 \`accept()\`，这时回答才发出，晚了两秒多。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.socket();
server.bind(["", 6969]);
server.listen(5);
for (let count = 1; count <= 2; count++) {
  const [conn, address] = await server.accept();
  console.log("serving", address);
  for (;;) { // ${note("until this client has closed", "直到这个客户端关闭")}
    const data = await conn.recv(1024);
    if (data.length === 0) break;
    const text = new TextDecoder().decode(data);
    await conn.sendall(text.toUpperCase());
  }
  conn.close();
}
server.close();
`,
    },
    ...twoClients(note),
  ],
  question: {
    en: `
At 1.000 s the second client has sent \`hello\` and received an ACK. Does an ACK mean that the server program has read the data?
`,
    zh: `
在 1.000 秒时，第二个客户端已经发出 \`hello\` 并收到了 ACK。收到 ACK 是否意味着服务端程序已经读到了数据？
`,
  },
  answer: {
    en: `
No. It means that the other host's system has the bytes in its buffer. Only an answer of the
program itself tells whether it has read them. That is why protocols have answers such as the \`ok\` of lesson 8.
`,
    zh: `
不是。它只表示对方主机的操作系统已经把这些字节放进了接收缓冲区。程序有没有读，只有程序自己的回答才能说明。
所以应用协议需要自己的应答，例如第 8 课中的 \`ok\`。
`,
  },
};
