// Flags and permissions, each tested in its own process.

import assert from "node:assert/strict";
import { Program } from "./_helpers.ts";

const udp = import.meta.resolve("../udp.ts");
const native = import.meta.resolve("../native.ts");
const mod = import.meta.resolve("../mod.ts");

/** Runs a program text with only these flags, without this project's settings. */
async function run(source: string, ...flags: string[]): Promise<string> {
  const directory = Deno.makeTempDirSync({ prefix: "berkeley_" });
  const file = `${directory}/main.ts`;
  Deno.writeTextFileSync(file, source);
  const args = ["run", "--quiet", "--no-prompt", "--no-config", "--no-check", ...flags, file];
  try {
    await using program = new Program(Deno.execPath(), args);
    const { code, stdout, stderr } = await program.end();
    assert.equal(code, 0, stderr);
    return stdout;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const TELL = `const tell = async (call) => {
  try { console.log("ok", await call()); } catch (error) { console.log(error.name, error.code, error.message); }
};`;

Deno.test("without --unstable-net the error of the first datagram call names the flag, and streams work", async () => {
  const printed = await run(
    `import * as socket from "${mod}"; ${TELL}
    await tell(() => { socket.socket().close(); return "stream"; });
    await tell(() => socket.socket(socket.AF_INET, socket.SOCK_DGRAM));`,
    "--allow-net",
  );
  const [stream, datagrams] = printed.trim().split("\n");
  assert.equal(stream, "ok stream");
  assert.match(datagrams, /^OSError ESOCKTNOSUPPORT .*--unstable-net/);
});

Deno.test("a client of 127.0.0.1 needs net access to 127.0.0.1 only", async () => {
  const printed = await run(
    `import * as udp from "${udp}"; ${TELL}
    const server = udp.socket(), client = udp.socket();
    server.bind(["127.0.0.1", 0]);
    await tell(() => client.sendto("x", server.getsockname()));
    await tell(async () => (await server.recvfrom(9))[0].length);
    await tell(() => client.sendto("x", ["192.0.2.1", 9]));
    server.close(); client.close();`,
    "--unstable-net",
    "--allow-net=127.0.0.1",
  );
  const [sent, received, refused] = printed.trim().split("\n");
  assert.deepEqual([sent, received], ["ok 1", "ok 1"]);
  assert.match(refused, /^NotCapable .*Requires net access to "192.0.2.1:9"/);
});

for (const [backend, module, ...flags] of [["deno", mod], ["native", native, "--allow-ffi"]]) {
  Deno.test(`${backend}: with net access to 127.0.0.1 only, no other host's datagrams are received`, async () => {
    const printed = await run(
      `import * as m from "${module}"; ${TELL}
      const open = () => m.socket(m.AF_INET, m.SOCK_DGRAM);
      const server = open(), client = open(), other = open();
      server.bind(["127.0.0.1", 0]);
      await tell(() => client.sendto("x", server.getsockname()));
      console.log(client.getsockname()[0]);
      await tell(() => other.sendto("x", ["192.0.2.1", 9]));
      await tell(() => other.sendto("x", ["192.0.2.1", 9]));
      for (const sock of [server, client, other]) sock.close();`,
      "--unstable-net",
      "--allow-net=127.0.0.1,192.0.2.1",
      ...flags,
    );
    const [sent, bound, ...refused] = printed.trim().split("\n");
    assert.deepEqual([sent, bound, refused.length], ["ok 1", "127.0.0.1", 2]);
    for (const line of refused) assert.match(line, /^NotCapable .*Requires net access to "0.0.0.0:0"/);
  });
}

Deno.test("NotCapable is thrown unchanged", async () => {
  const printed = await run(
    `import * as udp from "${udp}"; ${TELL}
    const unix = udp.socket(udp.AF_UNIX), inet = udp.socket();
    await tell(() => unix.sendto("x", "/nowhere/at/all"));
    await tell(() => inet.bind(["127.0.0.1", 0]));
    await tell(() => inet.sendto("x", ["127.0.0.1", 9]));
    await tell(() => inet.connect_ex(["127.0.0.1", 9]));`,
    "--unstable-net",
  );
  for (const line of printed.trim().split("\n")) assert.match(line, /^NotCapable undefined Requires net access/);
});

Deno.test("an idle socket, a receive that was given up and an unref'ed receive do not keep the process alive", async () => {
  const printed = await run(
    `import * as udp from "${udp}"; ${TELL}
    for (const family of [udp.AF_INET, udp.AF_UNIX]) {
      const idle = udp.socket(family);
      idle.bind(family === udp.AF_UNIX ? "" : ["127.0.0.1", 0]);
      idle.settimeout(0.01);
      await tell(() => idle.recv(1));
    }
    const unrefed = udp.socket();
    unrefed.bind(["127.0.0.1", 0]);
    unrefed.unref();
    unrefed.recv(1).catch(() => {});
    console.log("end");`,
    "--unstable-net",
    "--allow-net",
  );
  assert.equal(printed, "TimeoutError undefined timed out\nTimeoutError undefined timed out\nend\n");
});
