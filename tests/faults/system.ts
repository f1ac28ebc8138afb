// System errors that a test cannot cause otherwise: strace makes a system call return them.

import assert from "node:assert/strict";
import { available, Program } from "../_helpers.ts";
import type { Subject } from "../conformance/fixtures.ts";

let tracing: boolean | undefined;

/** Returns whether strace is installed and allowed to trace. */
function canTrace(): boolean {
  return tracing ??= available("strace", "-qq", "-o", "/dev/null", "true");
}

/** Runs a program in which some of these system calls fail. Returns its output and the number of failed calls. */
async function underFault(source: string, calls: string, fault: string): Promise<{ answer: any; failed: number }> {
  const directory = Deno.makeTempDirSync();
  try {
    const [path, trace] = [`${directory}/program.ts`, `${directory}/trace`];
    Deno.writeTextFileSync(path, source);
    const strace = [
      "-f",
      "-qq",
      "--seccomp-bpf",
      "-o",
      trace,
      "-e",
      `trace=${calls}`,
      "-e",
      `inject=${calls}:${fault}`,
    ];
    const deno = [Deno.execPath(), "run", "--allow-all", "--unstable-net", "--no-lock", "--no-check", path];
    await using program = new Program("strace", [...strace, ...deno]);
    const { code, stdout, stderr } = await program.end();
    assert.equal(code, 0, stderr);
    return { answer: JSON.parse(stdout), failed: Deno.readTextFileSync(trace).split("(INJECTED)").length - 1 };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

export function systemSuite({ name, url }: Subject): void {
  const ignore = !canTrace();
  const test = (what: string, fn: () => Promise<void>) => Deno.test({ name: `${name}: ${what}`, ignore, fn });
  const imports = `
    import * as m from ${JSON.stringify(url)};
    const text = (data: Uint8Array) => new TextDecoder().decode(data);
    const code = (error: m.OSError) => error.code;
  `;

  test("ENFILE: accept throws and loses no connection, and a loop pauses and continues", async () => {
    const source = `
      ${imports}
      const server = m.create_server(["127.0.0.1", 0]);
      const address = server.getsockname();
      const clients = [await m.create_connection(address), await m.create_connection(address)];
      const codes: unknown[] = [await server.accept().catch(code)];
      const [readable] = await m.select([server], [], [], 5);
      codes.push(readable.length, await server.accept().catch(code));
      const accepted: m.Socket[] = [];
      for await (const [conn] of server) if (accepted.push(conn) === 2) break;
      for (const [i, client] of clients.entries()) await client.sendall(String(i));
      const texts = await Promise.all(accepted.map(async (conn) => text(await conn.recv(1))));
      for (const sock of [server, ...clients, ...accepted]) sock.close();
      console.log(JSON.stringify({ codes, texts }));
    `;
    const { answer, failed } = await underFault(source, "accept4", "error=ENFILE:when=1..5");
    assert.deepEqual(answer, { codes: ["ENFILE", 1, "ENFILE"], texts: ["0", "1"] });
    assert.equal(failed, 5);
  });

  test("ENFILE: every accept throws, an accept loop pauses between attempts, and closing ends it", async () => {
    const source = `
      ${imports}
      const server = m.create_server(["127.0.0.1", 0]);
      const client = await m.create_connection(server.getsockname());
      const codes = [];
      for (let i = 0; i < 5; i++) codes.push(await server.accept().catch(code));
      server.setblocking(false);
      codes.push(await server.accept().catch(code));
      const late = setTimeout(() => server.close(), 50);
      for await (const _ of server) codes.push("accepted");
      clearTimeout(late);
      client.close();
      console.log(JSON.stringify(codes));
    `;
    const { answer, failed } = await underFault(source, "accept4", "error=ENFILE");
    assert.deepEqual(answer, Array(6).fill("ENFILE"));
    // The loop pauses after an error. A loop without pauses would make a thousand times as many calls.
    assert.ok(failed < 40, `${failed} calls`);
  });

  for (const error of ["ENOBUFS", "ENOMEM"]) {
    test(`${error}: a send that fails rejects, and the next send succeeds`, async () => {
      const source = `
        ${imports}
        const answers: Record<string, unknown> = {};
        const words = [..."abcdefgh"];
        const ask = async (how: string, sock: m.Socket, send: (word: string) => Promise<unknown>) => {
          const outcomes = [];
          for (const word of words) outcomes.push(await send(word).then(() => "sent", code));
          await m.select([], [sock], [], 0);
          outcomes.push(sock.getsockopt(m.SOL_SOCKET, m.SO_ERROR) === 0 ? "sent" : ${JSON.stringify(error)});
          answers[how] = outcomes;
        };
        const server = m.create_server(["127.0.0.1", 0]);
        const client = await m.create_connection(server.getsockname());
        const streams = { tcp: [client, (await server.accept())[0]], unix: await m.socketpair() };
        for (const [kind, [one, other]] of Object.entries(streams)) {
          for (const [how, send] of Object.entries({
            send: (word: string) => one.send(word),
            sendall: (word: string) => one.sendall(word),
            sendmsg: (word: string) => one.sendmsg([word, ""]),
          })) await ask(kind + " " + how, one, send);
          await one.shutdown(m.SHUT_WR);
          answers[kind] = text(await other.recv(1000, m.MSG_WAITALL));
          for (const sock of [one, other]) sock.close();
        }
        server.close();
        for (const [kind, family, address] of [["udp", m.AF_INET, ["127.0.0.1", 0]], ["datagrams", m.AF_UNIX, ""]] as const) {
          const [one, other] = [m.socket(family, m.SOCK_DGRAM), m.socket(family, m.SOCK_DGRAM)];
          for (const sock of [one, other]) sock.bind(address as any);
          await ask(kind + " sendto", one, (word) => one.sendto(word, other.getsockname() as any));
          other.setblocking(false);
          answers[kind] = "";
          for (;;) {
            const data = await other.recv(10).catch(code);
            if (typeof data === "string") break;
            answers[kind] += text(data as Uint8Array);
          }
          for (const sock of [one, other]) sock.close();
        }
        console.log(JSON.stringify(answers));
      `;
      const { answer, failed } = await underFault(source, "sendto,sendmsg", `error=${error}:when=2+3`);
      assert.ok(failed > 0);
      for (const kind of ["tcp", "unix", "udp", "datagrams"]) {
        const outcomes = Object.keys(answer).filter((how) => how.startsWith(`${kind} `)).flatMap((how) => answer[how]);
        assert.deepEqual(new Set(outcomes), new Set(["sent", error]), kind);
        const words = outcomes.map((_, place) => [..."abcdefgh", ""][place % 9]);
        // Deno's UDP socket reports a datagram as sent although the last one failed. Its error is reported by the next
        // call, which then sends nothing, or by SO_ERROR.
        const lost = name === "deno" && kind === "udp"
          ? (place: number) => outcomes[place] === error || outcomes[place + 1] === error
          : (place: number) => outcomes[place] === error;
        assert.equal(answer[kind], words.filter((_, place) => !lost(place)).join(""), kind);
      }
    });
  }

  test("EINTR: interrupted waits continue", async () => {
    // The backends make no other call that waits. On a non-blocking descriptor the kernel returns EAGAIN before it
    // checks for signals. (A poll(2) that does not wait returns EINTR only if it has found nothing, so "nothing" is
    // true.)
    const waits = "?epoll_wait,epoll_pwait";
    const source = `
      ${imports}
      const [one, other] = await m.socketpair();
      const size = 1 << 20;
      const sending = one.sendall(new Uint8Array(size)).then(() => one.shutdown(m.SHUT_WR));
      let total = 0;
      using poller = m.epoll();
      poller.register(other, m.EPOLLIN);
      for (;;) {
        await poller.poll();
        const [readable] = await m.select([other], [], []);
        const data = await readable[0].recv(8192);
        if (data.length === 0) break;
        total += data.length;
      }
      await sending;
      const server = m.create_server(["127.0.0.1", 0]);
      const accepting = server.accept();
      // The wait is long enough to be interrupted several times.
      other.settimeout(0.05);
      const error = await other.recv(1, m.MSG_PEEK).then((data) => data.length, (error) => error.name);
      server.settimeout(0.05);
      const late = await server.accept().catch((error) => error.name);
      const client = await m.create_connection(server.getsockname());
      const [peer] = await accepting;
      const receiving = peer.recv(10);
      await client.sendall("hello");
      const received = text(await receiving);
      for (const sock of [one, other, server, client, peer]) sock.close();
      console.log(JSON.stringify({ total, error, late, received }));
    `;
    const { answer, failed } = await underFault(source, waits, "error=EINTR:when=2+2");
    assert.deepEqual(answer, { total: 1 << 20, error: 0, late: "TimeoutError", received: "hello" });
    assert.ok(failed > 10, `${failed} were interrupted`);
  });
}
