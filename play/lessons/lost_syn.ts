import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const lostSyn: Lesson = {
  id: "lost-syn",
  part: PARTS.wire,
  title: { en: "What a lost SYN costs", zh: "丢失一个 SYN 的代价" },
  text: {
    en: `
On this network each packet is lost with a probability of 25 %. TCP sends again what is not acknowledged. But after how
long?

A connection that exists has measured its round trip, so it waits only a little longer than that: at least 200 milliseconds on
Linux. For the **first** packet nothing has been measured. The system waits a whole second, then two, then four. So one lost
SYN delays \`connect()\` by a second, however fast the network is.

With this seed the first SYN is lost, and later two words on their way: \`connect()\` takes 1040 ms, \`one\` and \`three\` 240 ms. The
dashed arrow with a cross is the lost packet, the dotted one the same packet sent
again. Try other seeds: the same seed always gives the same run.
`,
    zh: `
在这个网络上，每个数据包都有 25% 的概率丢失。没有得到确认的数据，TCP 会重传。问题是：等多久才重传？

已经建立的连接测量过往返时间，所以只需比往返时间多等一点，在 Linux 上至少 200 毫秒。而对**第一个**数据包，还没有任何测量值，
系统要等整整一秒，然后两秒、四秒。所以丢失一个 SYN，\`connect()\` 就要推迟一秒，不管网络有多快。

用这个种子运行，第一个 SYN 会丢失，后来又有两个单词在途中丢失：\`connect()\` 用了 1040 毫秒，\`one\` 和 \`three\` 各用了 240 毫秒。带叉的虚线箭头是丢失的数据包，点线箭头是同一个数据包的重传。请换几个种子试试：
同一个种子总是得到同样的结果。
`,
  },
  settings: { loss: 0.25, seed: 8 },
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.create_server(["", 6969]);
const [conn] = await server.accept();
for await (const data of conn) await conn.sendall(data);
conn.close();
server.close();
`,
    },
    {
      host: "client",
      code: `import * as socket from "@berkeley/socket";

let start = Date.now();
function lap(what) {
  const now = Date.now();
  console.log(what, "took", now - start, "ms");
  start = now;
}

const sk = await socket.create_connection(["server", 6969]);
lap("connect");
for (const word of ["one", "two", "three"]) {
  await sk.sendall(word);
  await sk.recv(1024); // ${note("its echo", "回显")}
  lap(word);
}
sk.close();
`,
    },
  ],
  question: {
    en: `
Find a seed with which the client connects in 40 ms and yet a word takes more than 200 ms. Which packet was lost?
`,
    zh: `
找一个种子，使客户端 40 毫秒就连接成功，而某个单词的回显却超过 200 毫秒。丢失的是哪个数据包？
`,
  },
  answer: {
    en: `
The word or its echo: the one that is not acknowledged is sent again after 200 ms or more. A lost ACK alone costs nothing if a
later packet acknowledges the same bytes; acknowledgements count all bytes up to a place, not packets.
`,
    zh: `
丢失的是这个单词或者它的回显：没有得到确认的一方在 200 毫秒以上之后重传。如果只丢了一个 ACK，而后面的数据包确认了同样的字节，
就没有任何损失；确认号表示“到此为止的字节都已收到”，而不是某一个数据包。
`,
  },
};
