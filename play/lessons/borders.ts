import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const borders: Lesson = {
  id: "borders",
  part: PARTS.wire,
  title: { en: "A stream has no message boundaries", zh: "字节流没有消息边界" },
  text: {
    en: `
The client calls \`sendall()\` three times. How many times must the server call \`recv()\`? There is no answer. TCP carries a
**stream** of bytes and remembers nothing of the calls that wrote it.

The first server looks after half a second: all three messages have come, and one \`recv(1024)\` takes them as one:
\`onetwothree\`. The other way round, one long message may arrive in many pieces.

A program that needs messages has to mark them itself. The common ways are a length in front of each message, or a mark
behind it. The second server takes the end of the line as its mark: \`makefile("r")\` makes a file of the socket, and reading line
by line gives back the three messages.
`,
    zh: `
客户端调用了三次 \`sendall()\`。服务端要调用几次 \`recv()\` 才能收完？没有答案。TCP 传送的是字节**流**，并不记得数据是分几次
写入的。

第一个服务端半秒之后才去看：三条消息都已到达，一次 \`recv(1024)\` 就全部取走，成了 \`onetwothree\`。人们常把这叫做
“粘包”。反过来，一条长消息也可能分成许多块到达。

需要消息的程序必须自己做标记。常见的办法是在每条消息前面写上长度，或者在后面加一个结束标记。第二个服务端以换行作为标记：
\`makefile("r")\` 把套接字变成文件，逐行读取，就还原出三条消息。
`,
  },
  programs: (note) => [
    {
      host: "server1",
      code: `import * as socket from "@berkeley/socket";

const server = socket.create_server(["", 6969]);
const [conn] = await server.accept();
await sleep(0.5);
const data = await conn.recv(1024);
console.log(new TextDecoder().decode(data));
conn.close();
server.close();
`,
    },
    {
      host: "server2",
      code: `import * as socket from "@berkeley/socket";

const server = socket.create_server(["", 6969]);
const [conn] = await server.accept();
await sleep(0.5);
const file = conn.makefile("r");
for await (const line of file) console.log(line.trimEnd());
file.close();
conn.close();
server.close();
`,
    },
    {
      host: "client",
      code: `import * as socket from "@berkeley/socket";

const words = ["one", "two", "three"];

let sk = await socket.create_connection(["server1", 6969]);
for (const word of words) await sk.sendall(word);
sk.close();

sk = await socket.create_connection(["server2", 6969]);
for (const word of words) {
  await sk.sendall(word + "\\n"); // ${note("the mark", "结束标记")}
}
sk.close();
`,
    },
  ],
  question: {
    en: `
Take the \`sleep(0.5)\` out of the first server and put \`await sleep(0.1)\` between the client's calls of \`sendall()\`. Now the first
\`recv()\` returns \`one\`. Is that server correct then?
`,
    zh: `
去掉第一个服务端的 \`sleep(0.5)\`，在客户端的各次 \`sendall()\` 之间加上 \`await sleep(0.1)\`。现在第一次 \`recv()\` 得到的是
\`one\`。这个服务端就正确了吗？
`,
  },
  answer: {
    en: `
No, it is lucky. When a packet is lost and sent again, when the server is busy for a moment, or when the network is
slower, the messages come together again. Programs of this kind work on the developer's machine and fail in service.
`,
    zh: `
不，只是运气好。一旦有数据包丢失重传，或者服务端忙了一会儿，或者网络变慢，消息又会合在一起。
这样的程序在开发者的机器上一切正常，上线之后才出错。
`,
  },
};
