import { PARTS } from "./lesson.ts";
import type { Lesson } from "./lesson.ts";

export const refused: Lesson = {
  id: "refused",
  part: PARTS.wire,
  title: { en: "Refused against timed out", zh: "被拒绝与超时" },
  text: {
    en: `
Two ways to fail, and they tell different things.

**Refused** is an answer. The host is there, its system got the SYN, nothing listens at the port, so it sends an RST back.
\`connect()\` fails after one round trip with \`ConnectionRefusedError\`, number 111.

**Timed out** is the lack of an answer. The host is off, the network is cut, or a firewall drops what it does not like. The
client's system sends the SYN again after 1, 2, 4, 8, 16 and 32 seconds, and gives up after 127 seconds in all with number 110
(ETIMEDOUT). With \`settimeout(3)\` the program gives up earlier, with Python's \`TimeoutError: timed out\`.

The host \`silent\` drops every packet. Virtual time costs nothing: the 127 seconds pass in a moment.
`,
    zh: `
连接失败有两种方式，含义并不相同。

**被拒绝**是一种回答。主机存在，它的系统收到了 SYN，但该端口无人监听，于是发回一个 RST。\`connect()\` 在一个往返之后抛出
\`ConnectionRefusedError\`，错误码 111。

**超时**是没有回答。主机没有开机，网络断了，或者防火墙丢弃了不想要的数据包。客户端的系统在 1、2、4、8、16、32
秒之后一次次重发 SYN，总共 127 秒后放弃，错误码 110（ETIMEDOUT）。设置 \`settimeout(3)\`
之后，程序会更早放弃，抛出 Python 的 \`TimeoutError: timed out\`。

主机 \`silent\` 丢弃所有数据包。虚拟时间不花真实时间：127 秒一闪而过。
`,
  },
  silent: ["silent"],
  programs: (note) => [
    {
      host: "server",
      code: `import * as socket from "@berkeley/socket";

const server = socket.create_server(["", 80]);
await server.accept(); // ${note("no client comes to port 80", "没有客户端连接 80 端口")}
`,
    },
    {
      host: "client",
      code: `import * as socket from "@berkeley/socket";

async function attempt(address, timeout) {
  const start = Date.now();
  const sk = socket.socket();
  sk.settimeout(timeout);
  try {
    await sk.connect(address);
  } catch (error) {
    const seconds = (Date.now() - start) / 1000;
    console.log(error.name, error.message);
    console.log("after", seconds, "s");
  }
  sk.close();
}

await attempt(["server", 81], null);
await attempt(["silent", 80], 3);
await attempt(["silent", 80], null);
`,
    },
  ],
  question: {
    en: `
A port scanner reports "closed" for some ports and "filtered" for others. What did it see on the wire in each case?
`,
    zh: `
端口扫描器报告某些端口“关闭”（closed），某些端口“被过滤”（filtered）。两种情况下，它在线路上分别看到了什么？
`,
  },
  answer: {
    en: `
Closed: an RST came back. Filtered: nothing came back, although it sent the SYN several times. A scan of a host that drops
packets is slow for that reason: every port costs a timeout.
`,
    zh: `
关闭：收到了 RST。被过滤：多次发送 SYN，始终没有任何回应。因此扫描一台丢弃数据包的主机会很慢：每个端口都要等到超时。
`,
  },
};
