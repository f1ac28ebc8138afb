import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const upper: Lesson = {
  id: "upper",
  part: PARTS.conversation,
  title: { en: "Upper case, and why bytes", zh: "转成大写，以及为什么是字节" },
  text: {
    en: `
This server sends back in capitals what it is sent. \`Hello world\` comes back as \`HELLO WORLD\`.

A socket carries **bytes**, not characters. An English letter is one byte in UTF-8, a Chinese character three. Python
makes the difference visible: \`b'世界,你好'\` is a SyntaxError, and \`'世界,你好'.encode('utf-8')\` is the way out. Here
\`sendall()\` takes a string and encodes it as UTF-8, but what \`recv()\` returns is always bytes (\`Uint8Array\`), and the
program decodes them.

The second half of the client shows why that matters. \`世界,你好\` is 5 characters and 13 bytes. \`recv(4)\` takes 4 bytes: the
three of \`世\` and the first of \`界\`. Neither part can be decoded on its own, and each prints \`�\` where the character was
cut. Point at the data packets to see the bytes: \`e4 b8 96\` is \`世\`.
`,
    zh: `
这个服务端把收到的内容转成大写再发回去：\`Hello world\` 变成 \`HELLO WORLD\`。

套接字传送的是**字节**，不是字符。在 UTF-8 中，一个英文字母占一个字节，一个汉字占三个字节。Python 把这个区别摆在明处：
\`b'世界,你好'\` 是语法错误（SyntaxError），要写成 \`'世界,你好'.encode('utf-8')\`。在这里，\`sendall()\` 可以接受字符串，按 UTF-8
编码后发送；但 \`recv()\` 返回的永远是字节（\`Uint8Array\`），要由程序自己解码。

客户端的后半部分说明了为什么必须分清二者。\`世界,你好\` 是 5 个字符、13 个字节。\`recv(4)\` 取走 4 个字节：\`世\` 的三个字节，加上
\`界\` 的第一个字节。两部分单独解码都不完整，断开的地方显示为 \`�\`。把指针移到数据包上可以看到字节：\`e4 b8 96\` 就是 \`世\`。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.socket();
server.bind(["", 6969]);
server.listen();
const [conn, address] = await server.accept();
console.log("call is coming", address);
for (;;) {
  const data = await conn.recv(1024);
  if (data.length === 0) break;
  console.log("recv:", data.length, "${note("bytes", "字节")}");
  const text = new TextDecoder().decode(data);
  await conn.sendall(text.toUpperCase());
}
conn.close();
server.close();
`,
    },
    {
      host: "client",
      code: `import * as socket from "@berkeley/socket";

const client = socket.socket();
await client.connect(["server", 6969]);

await client.sendall("Hello world");
const data = await client.recv(1024);
console.log("recv:", new TextDecoder().decode(data));

const text = "世界,你好";
const bytes = new TextEncoder().encode(text);
console.log(text.length, "${note("characters", "个字符")}");
console.log(bytes.length, "${note("bytes", "个字节")}");
await client.sendall(bytes);
const part = await client.recv(4); // ${note("cuts a character", "在汉字中间断开")}
const rest = await client.recv(1024);
console.log("part:", new TextDecoder().decode(part));
console.log("rest:", new TextDecoder().decode(rest));
client.close();
`,
    },
  ],
  question: {
    en: `
A real program cannot choose where its data is cut. How can it decode correctly whatever \`recv()\` returns? Change the last
lines of the client so that the two parts print \`世\` and \`界,你好\`.
`,
    zh: `
实际的程序无法决定数据在哪里断开。无论 \`recv()\` 返回多少，怎样才能正确解码？请修改客户端的最后几行，让两部分分别显示 \`世\` 和
\`界,你好\`。
`,
  },
  answer: {
    en: `
One decoder for the whole conversation, told that more will come, keeps the bytes of an unfinished character:

    const decoder = new TextDecoder();
    console.log("part:", decoder.decode(part, { stream: true }));
    console.log("rest:", decoder.decode(rest, { stream: true }));

Or collect all bytes first and decode once. The server here has the same weakness: it decodes each \`recv()\` on its own.
`,
    zh: `
整个对话共用一个解码器，并告诉它后面还有数据，它就会留住不完整的字符：

    const decoder = new TextDecoder();
    console.log("part:", decoder.decode(part, { stream: true }));
    console.log("rest:", decoder.decode(rest, { stream: true }));

也可以先收齐所有字节，最后一次解码。这里的服务端有同样的弱点：它把每次 \`recv()\` 的结果单独解码。
`,
  },
};
