// What a program can reach, what can reach it, and the access rights of its paths.

import assert from "node:assert/strict";
import * as deno from "../mod.ts";
import * as native from "../native.ts";
import type { Module } from "./conformance/fixtures.ts";
import { askPython, Program, pythonTest, TemporaryDirectory } from "./_helpers.ts";

const BACKENDS = [
  { name: "deno", module: deno, url: import.meta.resolve("../mod.ts"), flags: ["--deny-ffi"] },
  {
    name: "native",
    module: native as unknown as Module,
    url: import.meta.resolve("../native.ts"),
    flags: ["--allow-ffi"],
  },
];

/** Runs a program with only these permissions. Returns its output, parsed as JSON. */
async function confined(source: string, flags: string[]): Promise<any> {
  using directory = new TemporaryDirectory();
  const path = `${directory.path}/main.ts`;
  Deno.writeTextFileSync(path, source);
  const always = ["run", "--quiet", "--no-prompt", "--no-config", "--no-check", "--unstable-net"];
  await using program = new Program(Deno.execPath(), [...always, ...flags, path]);
  const { code, stdout, stderr } = await program.end();
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** Ports that no attempt may reach. They record connections. */
class Forbidden implements Disposable {
  readonly stream = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly datagrams = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });

  get port(): number {
    return this.stream.addr.port;
  }
  get datagramPort(): number {
    return (this.datagrams.addr as Deno.NetAddr).port;
  }

  /** Checks that the first connection comes from this process. */
  async untouched(): Promise<void> {
    using mine = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    using conn = await this.stream.accept();
    assert.equal((conn.remoteAddr as Deno.NetAddr).port, (mine.localAddr as Deno.NetAddr).port);
    await this.datagrams.send(new Uint8Array([1]), this.datagrams.addr);
    const [data] = await this.datagrams.receive();
    assert.deepEqual(data, new Uint8Array([1]));
  }

  [Symbol.dispose](): void {
    this.stream.close();
    this.datagrams.close();
  }
}

/** Ways in which a program might exceed its permissions: the names of the attempts and their code. */
const ATTEMPTS: Record<string, string> = {
  "connect to another port": `s.connect(["127.0.0.1", other])`,
  "connect_ex to another port": `s.connect_ex(["127.0.0.1", other])`,
  "connect to another port by 127.1": `s.connect(["127.1", other])`,
  "connect to another port by a number": `s.connect(["2130706433", other])`,
  "connect to another port by name": `s.connect(["localhost", other])`,
  "connect to another host": `s.connect(["127.0.0.2", port])`,
  "connect to the wildcard address": `s.connect(["0.0.0.0", other])`,
  "connect to the empty host": `s.connect(["", other])`,
  "connect to a name that was not allowed": `s.connect(["example.com", port])`,
  "connect over IPv6": `s6.connect(["::1", other])`,
  "connect by a mapped address": `s6.connect(["::ffff:127.0.0.1", other])`,
  "connect datagrams": `d.connect(["127.0.0.1", otherDatagrams])`,
  "sendto": `d.sendto("x", ["127.0.0.1", otherDatagrams])`,
  "sendto by name": `d.sendto("x", ["localhost", otherDatagrams])`,
  "sendto another host": `d.sendto("x", ["127.0.0.2", port])`,
  "sendmsg": `d.sendmsg(["x"], [], 0, ["127.0.0.1", otherDatagrams])`,
  "sendto everybody": `(d.setsockopt(m.SOL_SOCKET, m.SO_BROADCAST, 1), d.sendto("x", ["<broadcast>", otherDatagrams]))`,
  "bind to another port": `s.bind(["127.0.0.1", 0])`,
  "bind to every interface": `s.bind(["", port])`,
  "bind datagrams": `d.bind(["127.0.0.1", 0])`,
  "listen without bind": `s.listen()`,
  "create_server": `m.create_server(["127.0.0.1", 0])`,
  "create_connection": `m.create_connection(["127.0.0.1", other])`,
  "create_connection by name": `m.create_connection(["localhost", other])`,
  "create_connection, all errors": `m.create_connection(["127.0.0.1", other], 1, null, { all_errors: true })`,
  "create_connection from another port": `m.create_connection(["127.0.0.1", port], 1, ["127.0.0.1", 0])`,
  "getaddrinfo of a name": `m.getaddrinfo("example.com", port)`,
  "gethostbyname": `m.gethostbyname("example.com")`,
  "gethostbyname_ex": `m.gethostbyname_ex("example.com")`,
  "connect to a path": `u.connect(path)`,
  "connect_ex to a path": `u.connect_ex(path)`,
  "bind to a path": `u.bind(path + ".new")`,
  "bind to a relative path": `u.bind("berkeley-forbidden")`,
  "bind to an abstract name": `u.bind("\\0berkeley-forbidden")`,
  "connect to an abstract name": `u.connect("\\0berkeley-forbidden")`,
  "sendto a path": `ud.sendto("x", path)`,
};

const ONLY_NATIVE: Record<string, string> = {
  "sendto that connects": `s.sendto("x", m.MSG_FASTOPEN, ["127.0.0.1", other])`,
  "a packet socket": `m.socket(m.AF_PACKET, m.SOCK_RAW)`,
  "raw datagrams": `m.socket(m.AF_INET, m.SOCK_RAW, m.IPPROTO_UDP).sendto("x", ["127.0.0.2", 0])`,
  "bind to netlink": `m.socket(m.AF_NETLINK, m.SOCK_RAW, m.NETLINK_ROUTE).bind([0, 0])`,
};

/** The program that makes the attempts. */
function program(url: string, attempts: Record<string, string>, places: Record<string, unknown>): string {
  const names = Object.entries(places).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`).join("\n");
  const calls = Object.entries(attempts).map(([name, code]) => `[${JSON.stringify(name)}, () => ${code}],`).join("\n");
  return `
    import * as m from ${JSON.stringify(url)};
    ${names}
    let s, s6, d, u, ud;
    const outcomes = {};
    for (const [name, call] of [${calls}]) {
      const all = [s, s6, d, u, ud] = [
        m.socket(), m.socket(m.AF_INET6), m.socket(m.AF_INET, m.SOCK_DGRAM),
        m.socket(m.AF_UNIX), m.socket(m.AF_UNIX, m.SOCK_DGRAM),
      ];
      for (const sock of all) sock.settimeout(5);
      try {
        outcomes[name] = String(await call());
      } catch (error) {
        outcomes[name] = error instanceof Deno.errors.NotCapable ? "NotCapable" : String(error);
      }
      for (const sock of all) sock.close();
    }
    console.log(JSON.stringify(outcomes));
    Deno.exit();
  `;
}

for (const { name, url, flags } of BACKENDS) {
  const attempts = name === "native" ? { ...ATTEMPTS, ...ONLY_NATIVE } : ATTEMPTS;

  Deno.test(`${name}: with --allow-net=host:port other addresses are refused with an unchanged NotCapable`, async () => {
    using forbidden = new Forbidden();
    using allowed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    using _server = Deno.listen({ transport: "unix", path });
    const { port } = allowed.addr;
    const places = { port, other: forbidden.port, otherDatagrams: forbidden.datagramPort, path };
    const outcomes = await confined(program(url, attempts, places), [...flags, `--allow-net=127.0.0.1:${port}`]);
    assert.deepEqual(outcomes, Object.fromEntries(Object.keys(attempts).map((attempt) => [attempt, "NotCapable"])));
    await forbidden.untouched();
    assert.throws(() => Deno.statSync(`${path}.new`), Deno.errors.NotFound);
  });

  Deno.test(`${name}: the address of --allow-net=host:port can be used`, async () => {
    using allowed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = allowed.addr;
    const talking = confined(
      `import * as m from ${JSON.stringify(url)};
      const sock = await m.create_connection(["127.0.0.1", ${port}]);
      await sock.sendall("hello");
      console.log(JSON.stringify(new TextDecoder().decode(await sock.recv(10))));
      sock.close();`,
      [...flags, `--allow-net=127.0.0.1:${port}`],
    );
    using conn = await allowed.accept();
    const buffer = new Uint8Array(10);
    const count = await conn.read(buffer);
    await conn.write(buffer.subarray(0, count!));
    assert.equal(await talking, "hello");
  });

  Deno.test(`${name}: an allowed path can be connected to, also by its relative name`, async () => {
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    using server = Deno.listen({ transport: "unix", path });
    const outcomes = confined(
      program(url, {
        "the path": `u.connect(path)`,
        "its relative name": `(Deno.chdir(directory), u.connect(path.slice(directory.length + 1)))`,
        "another path": `u.connect(path + ".new")`,
      }, { path, directory: directory.path }),
      [...flags, `--allow-read=${directory.path}`, `--allow-write=${path}`, `--allow-net=unix:${path}`],
    );
    for (let i = 0; i < 2; i++) (await server.accept()).close();
    assert.deepEqual(await outcomes, {
      "the path": "undefined",
      "its relative name": "undefined",
      "another path": "NotCapable",
    });
  });

  Deno.test(`${name}: an allowed name leads to its addresses, and not to other ports of them`, async () => {
    using forbidden = new Forbidden();
    using allowed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = allowed.addr;
    const outcomes = confined(
      program(url, {
        "by name": `m.create_connection(["localhost", port]).then((sock) => (sock.close(), "connected"))`,
        "the address's other port": `s.connect(["127.0.0.1", other])`,
        "the name's other port": `s.connect(["localhost", other])`,
        "another name": `s.connect(["example.com", port])`,
      }, { port, other: forbidden.port }),
      [...flags, `--allow-net=localhost:${port}`],
    );
    (await allowed.accept()).close();
    assert.deepEqual(await outcomes, {
      "by name": "connected",
      "the address's other port": "NotCapable",
      "the name's other port": "NotCapable",
      "another name": "NotCapable",
    });
    await forbidden.untouched();
  });
}

Deno.test("mod.ts, socket.ts, select.ts and udp.ts reach no FFI and nothing outside of this module", async () => {
  for (const entry of ["mod.ts", "socket.ts", "select.ts", "udp.ts"]) {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", import.meta.resolve(`../${entry}`)],
    });
    const { modules } = JSON.parse(new TextDecoder().decode((await command.output()).stdout));
    const root = import.meta.resolve("../");
    for (const { specifier, local } of modules as { specifier: string; local?: string }[]) {
      if (specifier.startsWith("node:")) continue;
      assert.ok(specifier.startsWith(root), `${entry} imports ${specifier}`);
      assert.ok(!specifier.startsWith(`${root}native`), `${entry} imports ${specifier}`);
      assert.doesNotMatch(await Deno.readTextFile(local!), /\bdlopen\b|\bDeno\.Unsafe/, `${specifier} uses FFI`);
    }
    assert.ok(modules.length > 5);
  }
});

for (const family of ["AF_UNIX", "AF_INET"] as const) {
  Deno.test(`socketpair: other sockets that connect first to its ${family} listener are refused`, async () => {
    const strangers: Promise<Deno.Conn>[] = [];
    const listen = Deno.listen;
    // Strangers know the name before socketpair connects to it, and try to become the other end.
    const listenAndConnect = (options: any): any => {
      const listener = listen(options);
      for (let i = 0; i < 3; i++) strangers.push(Deno.connect({ ...options, ...listener.addr } as Deno.ConnectOptions));
      for (const stranger of strangers) stranger.then((conn) => conn.write(new Uint8Array(16)).catch(() => {}));
      return listener;
    };
    Deno.listen = listenAndConnect as typeof Deno.listen;
    try {
      const [one, other] = await deno.socketpair(deno[family]);
      await one.sendall("secret");
      assert.equal(new TextDecoder().decode(await other.recv(64)), "secret");
      await other.sendall("answer");
      assert.equal(new TextDecoder().decode(await one.recv(64)), "answer");
      for (const stranger of await Promise.all(strangers)) {
        const heard = await stranger.read(new Uint8Array(64)).catch(() => null);
        assert.equal(heard, null, "a stranger hears nothing");
        stranger.close();
      }
      one.close();
      other.close();
    } finally {
      Deno.listen = listen;
    }
    assert.equal(strangers.length, 3);
  });

  Deno.test(`socketpair: many other connections to its ${family} listener do not make it wait without end`, async () => {
    const strangers: Promise<Deno.Conn | undefined>[] = [];
    const listen = Deno.listen;
    Deno.listen = ((options: any): any => {
      const listener = listen(options);
      for (let i = 0; i < 40; i++) {
        strangers.push(Deno.connect({ ...options, ...listener.addr } as Deno.ConnectOptions).catch(() => undefined));
      }
      return listener;
    }) as typeof Deno.listen;
    try {
      const pair = await deno.socketpair(deno[family]).catch((error) => error);
      if (pair instanceof Error) assert.equal((pair as deno.OSError).code, "ECONNABORTED");
      else {
        await pair[0].sendall("x");
        assert.equal((await pair[1].recv(9)).length, 1);
        for (const sock of pair) sock.close();
      }
    } finally {
      Deno.listen = listen;
      for (const stranger of await Promise.all(strangers)) stranger?.close();
    }
  });
}

for (const { name, module: m } of BACKENDS) {
  pythonTest(`${name}: the umask decides the access rights of a Unix path, as in CPython`, async () => {
    for (const type of ["SOCK_STREAM", "SOCK_DGRAM"] as const) {
      for (const mask of [0o022, 0o077, 0o177, 0o000]) {
        using directory = new TemporaryDirectory();
        const theirs = await askPython(
          `
import os, socket, sys
os.umask(int(sys.argv[1]))
sock = socket.socket(socket.AF_UNIX, socket.${type})
sock.bind(sys.argv[2])
print(os.stat(sys.argv[2]).st_mode)
`,
          mask,
          directory.fresh(),
        );
        const path = directory.fresh();
        using sock = m.socket(m.AF_UNIX, m[type]);
        const before = Deno.umask(mask);
        try {
          sock.bind(path);
        } finally {
          Deno.umask(before);
        }
        assert.equal(Deno.statSync(path).mode, theirs);
        // With another umask by then, listen must not change the path.
        if (type === "SOCK_STREAM") sock.listen();
        assert.equal(Deno.statSync(path).mode, theirs);
      }
    }
  });

  Deno.test(`${name}: listen keeps the access rights that a Unix path got after bind`, () => {
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    using sock = m.socket(m.AF_UNIX);
    sock.bind(path);
    Deno.chmodSync(path, 0o600);
    const { ino } = Deno.statSync(path);
    sock.listen();
    const after = Deno.statSync(path);
    assert.equal(after.mode! & 0o777, 0o600);
    assert.equal(after.ino, ino);
  });
}
