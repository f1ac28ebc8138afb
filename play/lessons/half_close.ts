import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const halfClose: Lesson = {
  id: "half-close",
  part: PARTS.wire,
  title: { en: "Half-close", zh: "半关闭" },
  text: {
    en: `
A connection consists of two streams, one in each direction, and each ends on its own. \`shutdown(SHUT_WR)\` ends the one that
leaves: the other side reads all data and then the end. The one that arrives stays open.

That is how a client says "this was all" and still waits for the answer. The server here adds up numbers until the end, and
only then knows the sum. On the wire the end is a packet with the flag FIN. Follow the states: the client goes from ESTAB to
FIN-WAIT-1 and, with the ACK, to FIN-WAIT-2; the server to CLOSE-WAIT, in which it can still send.

When the server closes too, its own FIN goes out. The side that ended first keeps TIME-WAIT for a minute, in case the last ACK
is lost.
`,
    zh: `
一个连接由两条字节流组成，每个方向一条，各自独立结束。\`shutdown(SHUT_WR)\` 结束发送的方向：对方读完所有数据，然后读到结尾。
接收的方向仍然打开。

客户端就这样表示“我说完了”，同时继续等待回答。这里的服务端把数字相加，直到读到结尾才知道总和。在线路上，结尾是一个带 FIN
标志的数据包。请看状态的变化：客户端从 ESTAB 变为 FIN-WAIT-1，收到 ACK 后变为 FIN-WAIT-2；服务端变为
CLOSE-WAIT，此时仍可发送。这就叫**半关闭**。

服务端也关闭时，发出自己的 FIN。先结束的一方会在 TIME-WAIT 状态停留一分钟，以防最后的 ACK 丢失。
`,
  },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.create_server(["", 6969]);
const [conn] = await server.accept();
let sum = 0;
const file = conn.makefile("r");
for await (const line of file) { // ${note("until the end of the stream", "直到流的结尾")}
  sum += Number(line);
}
file.close();
console.log("the client has said all");
await sleep(0.1);
await conn.sendall(String(sum));
conn.close();
server.close();
`,
    },
    {
      host: "client",
      code: `import * as socket from "@berkeley/socket";

const sk = await socket.create_connection(["server", 6969]);
await sk.sendall("1\\n2\\n");
await sk.sendall("39\\n");
await sk.shutdown(socket.SHUT_WR); // ${note("no more from this side", "这一方不再发送")}
const sum = await sk.recv(1024);
console.log("sum:", new TextDecoder().decode(sum));
console.log("then", (await sk.recv(1024)).length, "bytes");
sk.close();
`,
    },
  ],
  question: {
    en: `
Replace \`await sk.shutdown(socket.SHUT_WR)\` by \`sk.close()\` and delete the lines that receive. The server sends its sum all
the same. What comes back?
`,
    zh: `
把 \`await sk.shutdown(socket.SHUT_WR)\` 换成 \`sk.close()\`，并删去接收的几行代码。服务端照样发送总和，它会得到什么回应？
`,
  },
  answer: {
    en: `
An RST: on the client's host no socket is left that could take the data. To the server the client's \`close()\` looked exactly
as \`shutdown(SHUT_WR)\` does, a FIN; it finds out only by sending. Its next call would fail with
\`ConnectionResetError\` or \`BrokenPipeError\`. That is the error \`WinError 10054\` of many a tutorial.
`,
    zh: `
一个 RST：客户端的主机上已经没有套接字能接收这些数据。在服务端看来，客户端的 \`close()\` 与 \`shutdown(SHUT_WR)\`
没有区别，都是一个 FIN；只有发送之后才能发现。它的下一次调用会抛出 \`ConnectionResetError\` 或
\`BrokenPipeError\`，也就是许多教程里提到的 \`WinError 10054\`。
`,
  },
};
