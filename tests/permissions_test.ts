// The table of docs/permissions.md: each call works with the permissions listed there, and fails without any one of
// them.

import assert from "node:assert/strict";
import { converse } from "./_examples.ts";
import { Program, TemporaryDirectory } from "./_helpers.ts";

interface Row {
  call: string;
  /** The code to run. `socket` is the module and `sk` a new TCP socket. */
  code: string;
  permissions: string[];
}

const rows: Row[] = [
  {
    call: "bind and listen on any port, connect, accept, and talk",
    code: `sk.bind(["127.0.0.1", 0]); sk.listen();
      const client = socket.socket();
      await client.connect(sk.getsockname());
      const [conn] = await sk.accept();
      await conn.sendall("x");
      await client.recv(1);`,
    permissions: ["--allow-net=127.0.0.1"],
  },
  {
    call: "bind every interface",
    code: `sk.bind(["", 0]);`,
    permissions: ["--allow-net=0.0.0.0:0"],
  },
  {
    call: "connect by a name that is allowed",
    code: `await sk.connect_ex(["localhost", 1]);`,
    permissions: ["--allow-net=localhost:1"],
  },
  {
    call: "create_connection by a name that is allowed",
    code:
      `await socket.create_connection(["localhost", 1]).catch((error) => { if (!("errno" in error)) throw error; });`,
    permissions: ["--allow-net=localhost:1"],
  },
  {
    call: "sendto from an unbound socket, to this host",
    code: `await socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto("x", ["127.0.0.1", 9]);`,
    permissions: ["--allow-net=127.0.0.1:0,127.0.0.1:9"],
  },
  {
    call: "bind a Unix path",
    code: `socket.socket(socket.AF_UNIX).bind("PATH");`,
    permissions: ["--allow-net=unix:PATH", "--allow-read=PATH", "--allow-write=PATH"],
  },
  {
    call: "connect to a Unix path",
    code: `await socket.socket(socket.AF_UNIX).connect_ex("PATH");`,
    permissions: ["--allow-net=unix:PATH", "--allow-read=PATH", "--allow-write=PATH"],
  },
  {
    call: "bind a Unix path for datagrams",
    code: `socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind("PATH");`,
    permissions: ["--allow-net=unix:PATH", "--allow-read=PATH", "--allow-write=PATH"],
  },
  {
    call: "connect of a bound Unix datagram socket",
    code: `const datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
      datagrams.bind("PATH");
      await datagrams.connect("PATH");
      await datagrams.send("x");`,
    permissions: ["--allow-net=unix:PATH", "--allow-read=PATH", "--allow-write=PATH"],
  },
  {
    call: "sendto of an unbound Unix datagram socket",
    code: `const sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
      await sender.sendto("x", "PATH").catch((error) => { if (!("errno" in error)) throw error; });`,
    permissions: ["--allow-net", "--allow-write=PATH"],
  },
  {
    call: "a pair of Unix datagram sockets",
    code: `await socket.socketpair(undefined, socket.SOCK_DGRAM);`,
    permissions: ["--allow-net"],
  },
  {
    call: "an abstract name",
    code: `socket.socket(socket.AF_UNIX).bind("\\0" + crypto.randomUUID());`,
    permissions: ["--allow-net"],
  },
  { call: "socketpair()", code: `await socket.socketpair();`, permissions: ["--allow-net"] },
  {
    call: "socketpair(AF_INET)",
    code: `await socket.socketpair(socket.AF_INET);`,
    permissions: ["--allow-net=127.0.0.1"],
  },
  {
    call: "getaddrinfo of a name",
    code: `await socket.getaddrinfo("localhost", 80);`,
    permissions: ["--allow-net=localhost:80"],
  },
  { call: "getaddrinfo of an address", code: `await socket.getaddrinfo("127.0.0.1", 80);`, permissions: [] },
  {
    call: "getnameinfo",
    code: `await socket.getnameinfo(["127.0.0.1", 80], 0);`,
    permissions: ["--allow-net=127.0.0.1:80"],
  },
  {
    call: "getnameinfo in numbers",
    code: `await socket.getnameinfo(["127.0.0.1", 80], socket.NI_NUMERICHOST | socket.NI_NUMERICSERV);`,
    permissions: [],
  },
  { call: "gethostbyname", code: `await socket.gethostbyname("localhost");`, permissions: ["--allow-net=localhost"] },
  { call: "gethostname", code: `socket.gethostname();`, permissions: ["--allow-sys=hostname"] },
  {
    call: "services, protocols and addresses in text",
    code: `await socket.getservbyname("http");
      await socket.getprotobyname("tcp");
      socket.inet_aton("127.0.0.1");
      socket.htons(1);`,
    permissions: [],
  },
];

/** Runs code with some permissions. Returns whether they were enough. */
async function enough(code: string, permissions: string[]): Promise<boolean> {
  const flags = ["--no-prompt", "--no-lock", "--no-check", "--ext=ts", ...permissions];
  await using program = new Program(Deno.execPath(), ["run", ...flags, "-"]);
  await program.write(`import * as socket from "@berkeley/socket";
    const sk = socket.socket();
    try { ${code}; console.log("done"); }
    catch (error) { if (!(error instanceof Deno.errors.NotCapable)) throw error; console.log("refused"); }
    Deno.exit();`);
  return await converse(program) === "done\n";
}

for (const { call, code, permissions } of rows) {
  Deno.test({
    name: `permissions of ${call}`,
    ignore: Deno.build.os !== "linux" && /Unix|abstract|socketpair\(\)/.test(call),
    async fn() {
      using directory = new TemporaryDirectory();
      const path = directory.fresh();
      const here = (text: string) => text.replaceAll("PATH", path);
      assert.equal(await enough(here(code), permissions.map(here)), true, "they are not enough");
      for (const permission of permissions) {
        const others = permissions.filter((other) => other !== permission).map(here);
        assert.equal(await enough(here(code), others), false, `${permission} is not needed`);
      }
    },
  });
}

Deno.test("the error for a missing abstract name names an alternative", async () => {
  const source = `
    import * as socket from ${JSON.stringify(import.meta.resolve("../mod.ts"))};
    const open = () => socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
    for (const call of [
      () => open().connect("/tmp/nowhere"),
      () => open().sendto("x", "/tmp/nowhere"),
      () => open().bind(""),
      () => socket.socketpair(),
      () => socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
    ]) {
      try { await call(); console.log("done"); } catch (error) { console.log(error.name, error.message); }
    }
  `;
  const flags = [
    "--no-prompt",
    "--no-lock",
    "--unstable-net",
    "--no-config",
    "--ext=ts",
    "--allow-net=unix:/tmp/nowhere",
  ];
  await using program = new Program(Deno.execPath(), ["run", ...flags, "-"]);
  await program.write(source);
  const lines = (await converse(program)).trim().split("\n");
  for (const line of lines) {
    assert.match(line, /^NotCapable Requires net access, run again with the --allow-net flag: /);
  }
  assert.deepEqual(lines.map((line) => /bind it to a path|socketpair\(AF_INET\)|abstract names/.exec(line)?.[0]), [
    "bind it to a path",
    "bind it to a path",
    "bind it to a path",
    "socketpair(AF_INET)",
    "abstract names",
  ]);
});

Deno.test("SO_REUSEPORT without Deno's flag is an error, and does not end the process", async () => {
  const source = `
    import { create_server } from ${JSON.stringify(import.meta.resolve("../mod.ts"))};
    try { create_server(["127.0.0.1", 0], { reuse_port: true }); } catch (error) { console.log(error.code, error.message); }
  `;
  await using program = new Program(Deno.execPath(), ["run", "-A", "--no-lock", "--no-config", "--ext=ts", "-"]);
  await program.write(source);
  const { code, stdout } = await program.end();
  assert.equal(code, 0);
  assert.match(stdout, /^ENOPROTOOPT .*--unstable-net/);
});
