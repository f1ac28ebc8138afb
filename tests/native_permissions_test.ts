// The native backend requires the permissions that Deno.listen and Deno.connect would require.

import assert from "node:assert/strict";
import { Program } from "./_helpers.ts";

const module = JSON.stringify(import.meta.resolve("../native.ts"));
const TELL = `
  import * as socket from ${module};
  const tell = async (what, call) => {
    try { await call(); console.log(what, "ok"); } catch (error) { console.log(what, error.name); }
  };
  const udp = () => socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
`;

/** Runs a program that Deno does not let ask for permissions. */
async function run(source: string, ...flags: string[]): Promise<string[]> {
  return await runAsking(source, "--no-prompt", ...flags);
}

/** Runs a program that may ask for permissions. Without a terminal the answer is no. */
async function runAsking(source: string, ...flags: string[]): Promise<string[]> {
  const args = ["run", "--no-lock", "--no-check", "--allow-ffi", ...flags, "--ext=ts", "-"];
  await using program = new Program(Deno.execPath(), args);
  await program.write(TELL + source);
  const { stdout, stderr } = await program.end();
  assert.equal(stderr.includes("error:"), false, stderr);
  return stdout.trim().split("\n");
}

Deno.test("native: bind, connect, listen and sendto need net access to the host and port", async () => {
  const source = `
    await tell("bind", () => socket.socket().bind(["127.0.0.1", 0]));
    await tell("bind elsewhere", () => socket.socket().bind(["127.0.0.2", 0]));
    await tell("bind everywhere", () => socket.socket().bind(["", 0]));
    await tell("listen unbound", () => socket.socket().listen());
    await tell("connect", () => socket.socket().connect(["127.0.0.1", 1]));
    await tell("connect elsewhere", () => socket.socket().connect(["127.0.0.2", 1]));
    await tell("connect IPv6", () => socket.socket(socket.AF_INET6).connect(["::1", 1]));
    await tell("sendto", () => udp().sendto("x", ["127.0.0.1", 9]));
    await tell("sendto elsewhere", () => udp().sendto("x", ["127.0.0.2", 9]));
    await tell("sendmsg elsewhere", () => udp().sendmsg(["x"], [], 0, ["127.0.0.2", 9]));
    await tell("packets", () => socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0));
  `;
  assert.deepEqual(await run(source, "--allow-net=127.0.0.1"), [
    "bind ok",
    "bind elsewhere NotCapable",
    "bind everywhere NotCapable",
    "listen unbound NotCapable",
    "connect ConnectionRefusedError",
    "connect elsewhere NotCapable",
    "connect IPv6 NotCapable",
    "sendto ok",
    "sendto elsewhere NotCapable",
    "sendmsg elsewhere NotCapable",
    "packets NotCapable",
  ]);
});

Deno.test("native: an allowed name may be used, and its address may not", async () => {
  const source = `
    const server = Deno.listen({ hostname: "localhost", port: 0 });
    const { port } = server.addr;
    await tell("name", () => socket.socket(server.addr.hostname === "::1" ? socket.AF_INET6 : socket.AF_INET).connect(["localhost", port]));
    await tell("create_connection", () => socket.create_connection(["localhost", port]));
    await tell("other", () => socket.socket().connect(["127.0.0.7", port]));
    server.close();
    Deno.exit();
  `;
  assert.deepEqual(await run(source, "--allow-net=localhost"), [
    "name ok",
    "create_connection ok",
    "other NotCapable",
  ]);
});

/** A program that reports how every call fails that takes a host by name. */
const BY_NAME = `
  const tellAll = async (host) => {
    await tell("connect", () => socket.socket().connect([host, 80]));
    await tell("create_connection", () => socket.create_connection([host, 80]));
    await tell("sendto", () => udp().sendto("x", [host, 80]));
    await tell("bind", () => socket.socket().bind([host, 80]));
    await tell("getaddrinfo", () => socket.getaddrinfo(host, 80));
    await tell("gethostbyname", () => socket.gethostbyname(host));
    await tell("gethostbyname_ex", () => socket.gethostbyname_ex(host));
    await tell("gethostbyaddr", () => socket.gethostbyaddr(host));
  };
`;

Deno.test("native: an international name is allowed by its ASCII form, in every call", async () => {
  const source = `${BY_NAME} await tellAll("é.invalid");`;
  const allowed = await run(source, "--allow-net=xn--9ca.invalid");
  assert.deepEqual(allowed.map((line) => line.split(" ")[1]), Array(8).fill("gaierror"));
  const refused = await run(source, "--allow-net=localhost");
  assert.deepEqual(refused.map((line) => line.split(" ")[1]), Array(8).fill("NotCapable"));
});

Deno.test("native: a text that is no host name is a name that is not found, in every call", async () => {
  const source = `${BY_NAME} for (const host of ["a b", "x/y", "[::1]", "host:80"]) await tellAll(host);`;
  const lines = await run(source, "--allow-net=localhost");
  assert.deepEqual(lines.map((line) => line.split(" ")[1]), Array(32).fill("gaierror"));
});

Deno.test("native: an allowed name may still be used after its address was refused", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const source = `
    const connect = (host) => socket.create_connection([host, ${server.addr.port}]);
    await tell("name", () => connect("localhost"));
    await tell("address", () => connect("127.0.0.1"));
    await tell("name again", () => connect("localhost"));
    await tell("address again", () => connect("127.0.0.1"));
    Deno.exit();
  `;
  assert.deepEqual(await runAsking(source, "--allow-net=localhost"), [
    "name ok",
    "address NotCapable",
    "name again ok",
    "address again NotCapable",
  ]);
});

Deno.test("native: a revoked permission is refused at once, also during a series of datagrams", async () => {
  const source = `
    const sender = udp();
    const to = ["127.0.0.1", 9];
    await tell("before", () => sender.sendto("x", to));
    Deno.permissions.revokeSync({ name: "net" });
    await tell("after", () => sender.sendto("x", to));
  `;
  assert.deepEqual(await run(source, "--allow-net"), ["before ok", "after NotCapable"]);
  const single = source.replace(`{ name: "net" }`, `{ name: "net", host: "127.0.0.1:9" }`);
  assert.deepEqual(await run(single, "--allow-net=127.0.0.1:9"), ["before ok", "after NotCapable"]);
});

Deno.test("native: a denied host is refused, also if all others are allowed", async () => {
  const source = `
    await tell("allowed", () => udp().sendto("x", ["127.0.0.1", 9]));
    await tell("denied", () => udp().sendto("x", ["127.0.0.2", 9]));
  `;
  assert.deepEqual(await run(source, "--allow-net", "--deny-net=127.0.0.2"), ["allowed ok", "denied NotCapable"]);
});

Deno.test("native: a denied address is refused, also under an allowed name", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const source = `
    const to = ["localhost", ${server.addr.port}];
    await tell("deno", () => Deno.connect({ hostname: to[0], port: to[1] }));
    await tell("create_connection", () => socket.create_connection(to));
    await tell("connect", () => socket.socket().connect(to));
    await tell("sendto", () => udp().sendto("x", to));
    Deno.exit();
  `;
  assert.deepEqual(await run(source, "--allow-net=localhost,0.0.0.0", "--deny-net=127.0.0.1,[::1]"), [
    "deno NotCapable",
    "create_connection NotCapable",
    "connect NotCapable",
    "sendto NotCapable",
  ]);
});

Deno.test("native: after a refused connect, the socket has no address to listen on", async () => {
  const source = `
    const { port } = (() => {
      using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      return server.addr;
    })();
    const sock = socket.socket();
    await tell("connect", () => sock.connect(["127.0.0.1", port]));
    await tell("listen", () => sock.listen());
    const copied = socket.socket();
    await tell("connect", () => copied.connect(["127.0.0.1", port]));
    await tell("listen on a duplicate", () => copied.dup().listen());
    const bound = socket.socket();
    bound.bind(["127.0.0.1", 0]);
    await tell("listen where it is bound", () => bound.listen());
  `;
  assert.deepEqual(await run(source, "--allow-net=127.0.0.1"), [
    "connect ConnectionRefusedError",
    "listen NotCapable",
    "connect ConnectionRefusedError",
    "listen on a duplicate NotCapable",
    "listen where it is bound ok",
  ]);
});

Deno.test("native: a datagram does not bind a socket that may not receive from all hosts", async () => {
  const source = `
    const calls = { send: (sock) => sock.send("x"), sendmsg: (sock) => sock.sendmsg(["x"]) };
    for (const [name, call] of Object.entries(calls)) {
      const sock = udp();
      await call(sock).catch((error) => console.log(name, error.code));
      console.log(...sock.getsockname());
      await sock.sendto("x", ["127.0.0.1", 9]);
      console.log(sock.getsockname()[0]);
    }
  `;
  const expected = ["EDESTADDRREQ", "0.0.0.0 0", "127.0.0.1"];
  assert.deepEqual(
    await run(source, "--allow-net=127.0.0.1"),
    ["send", "sendmsg"].flatMap((name) => [`${name} ${expected[0]}`, ...expected.slice(1)]),
  );
});

Deno.test("native: a failed connect does not bind a datagram socket that may not receive from all hosts", async () => {
  // Without SO_BROADCAST the kernel refuses this address, after it has bound the socket.
  const source = `
    const sock = udp();
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, new TextEncoder().encode("lo"));
    await tell("connect", () => sock.connect(["127.255.255.255", 9]));
    const [host, port] = sock.getsockname();
    console.log(host, port === 0 ? "unbound" : "bound");
    console.log(new TextDecoder().decode(sock.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)).slice(0, 2));
  `;
  const expected = (state: string) => ["connect PermissionError", `0.0.0.0 ${state}`, "lo"];
  assert.deepEqual(await run(source, "--allow-net=127.255.255.255:9"), expected("unbound"));
  assert.deepEqual(await run(source, "--allow-net=127.255.255.255:9,0.0.0.0:0"), expected("bound"));
});

Deno.test("native: after connect(AF_UNSPEC) the permission to receive is checked again", async () => {
  const source = `
    const receiver = udp();
    receiver.bind(["127.0.0.1", 0]);
    const to = receiver.getsockname();
    const sock = udp();
    await sock.connect(to);
    await tell("connected", () => sock.sendto("x", to));
    await sock.connect(socket.AF_UNSPEC);
    console.log(...sock.getsockname());
    await tell("dissolved", () => sock.sendto("x", to));
    console.log(sock.getsockname()[0]);
  `;
  assert.deepEqual(await run(source, "--allow-net=127.0.0.1"), [
    "connected ok",
    "0.0.0.0 0",
    "dissolved ok",
    "127.0.0.1",
  ]);
});

Deno.test("native: sockets of families without hosts need unlimited net access", async () => {
  const source = `await tell("netlink", () => socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close());`;
  assert.deepEqual(await run(source), ["netlink NotCapable"]);
  assert.deepEqual(await run(source, "--allow-net=127.0.0.1"), ["netlink NotCapable"]);
  assert.deepEqual(await run(source, "--allow-net"), ["netlink ok"]);
});

Deno.test("native: paths need read and write access, as for Deno.listen", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const source = `
      const path = ${JSON.stringify(directory)} + "/socket";
      await tell("deno", () => Deno.listen({ transport: "unix", path }).close());
      await tell("native", () => socket.socket(socket.AF_UNIX).bind(path));
    `;
    assert.deepEqual(await run(source, "--allow-net"), ["deno NotCapable", "native NotCapable"]);
    assert.deepEqual(await run(source, "--allow-read", "--allow-write"), ["deno NotCapable", "native NotCapable"]);
    assert.deepEqual(await run(source, "--allow-read", "--allow-write", "--allow-net"), ["deno ok", "native ok"]);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
