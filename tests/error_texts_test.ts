// The texts of errors: they name the option, the argument or the alternative. Their stacks begin in the program.

import assert from "node:assert/strict";
import * as socket from "../mod.ts";
import * as native from "../native.ts";
import { SUBJECTS } from "./_sim.ts";
import { runDeno } from "./_helpers.ts";

const NATIVE = /import "@berkeley\/socket\/native"/;

Deno.test("a refused option is named, and so is the backend that has it", () => {
  using stream = socket.socket(), datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  const refused: [call: () => unknown, option: string][] = [
    [() => stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1), "SO_RCVBUF"],
    [() => stream.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER), "SO_LINGER"],
    [() => stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE), "TCP_KEEPIDLE"],
    [() => datagrams.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 1), "IP_TOS"],
    [() => stream.getsockopt(98, 99), "option 99 of level 98"],
  ];
  for (const [call, option] of refused) {
    assert.throws(call, (error: socket.OSError) => {
      assert.equal(error.code, "ENOPROTOOPT");
      assert.ok(error.message.includes(`: ${option}: `), error.message);
      assert.match(error.message, NATIVE);
      return true;
    });
  }
});

Deno.test("the error of create_server on every IPv6 interface names the missing option", () => {
  for (const host of ["::", ""]) {
    assert.throws(() => socket.create_server([host, 0], { family: socket.AF_INET6 }), (error: socket.OSError) => {
      assert.deepEqual([error.code, error.syscall], ["ENOPROTOOPT", "setsockopt"]);
      assert.match(error.message, /IPV6_V6ONLY/);
      assert.match(error.message, /dualstack_ipv6: true/);
      assert.match(error.message, NATIVE);
      return true;
    });
  }
  socket.create_server(["::", 0], { family: socket.AF_INET6, dualstack_ipv6: true }).close();
});

Deno.test("a descriptor of the process is EBADF, and the error names the backend that takes it", () => {
  for (
    const call of [
      () => socket.fromfd(3, socket.AF_INET, socket.SOCK_STREAM),
      () => socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, 3),
    ]
  ) {
    assert.throws(call, (error: socket.OSError) => error.code === "EBADF" && NATIVE.test(error.message));
  }
});

for (const { name, module: m } of SUBJECTS) {
  Deno.test(`${name}: a wrong argument is named by its class`, async () => {
    using sk = m.socket();
    const date = new Date() as any;
    assert.throws(() => sk.bind([date, 0]), /^TypeError: bind\(\): host must be a string, not Date$/);
    assert.throws(
      () => sk.bind(new Map() as any),
      /^TypeError: bind\(\): AF_INET address must be \[host, port\], not Map$/,
    );
    assert.throws(() => m.inet_aton(new Uint8Array(4) as any), /must be a string, not Uint8Array$/);
    assert.throws(() => m.if_nametoindex(new Uint8Array(4) as any), /a string, not Uint8Array$/);
    assert.throws(() => sk.makefile(date), /mode must be a string, not Date$/);
    await assert.rejects(m.gethostbyname(date), /must be a string, not Date$/);
    await assert.rejects(m.getfqdn(date), /must be a string, not Date$/);
  });

  Deno.test(`${name}: values out of range have CPython's texts`, async () => {
    using sk = m.socket();
    using inet6 = m.socket(m.AF_INET6);
    const four = new Uint8Array(4);
    const calls: [call: () => unknown, text: string][] = [
      [() => sk.recv(-1), "negative buffersize in recv"],
      [() => sk.recvfrom(-1), "negative buffersize in recvfrom"],
      [() => sk.recv_into(four, -1), "negative buffersize in recv_into"],
      [() => sk.recv_into(four, 5), "buffer too small for requested bytes"],
      [() => sk.recvfrom_into(four, -1), "negative buffersize in recvfrom_into"],
      [() => sk.recvfrom_into(four, 5), "nbytes is greater than the length of the buffer"],
      [() => sk.recvmsg(-1), "negative buffer size in recvmsg()"],
      [() => sk.recvmsg(1, -1), "invalid ancillary data buffer length"],
      [() => sk.recvmsg(1, 2 ** 31), "invalid ancillary data buffer length"],
      [() => sk.recvmsg_into([four], -1), "invalid ancillary data buffer length"],
      [() => m.recv_fds(sk, -1, 1), "negative buffer size in recvmsg()"],
      [() => sk.bind(["127.0.0.1", 65536]), "bind(): port must be 0-65535."],
      [() => sk.connect(["127.0.0.1", -1]), "connect(): port must be 0-65535."],
      [() => sk.connect_ex(["127.0.0.1", -1]), "connect_ex(): port must be 0-65535."],
      [() => inet6.bind(["::1", 0, 2 ** 20, 0]), "bind(): flowinfo must be 0-1048575."],
      [() => m.htonl(-1), "can't convert negative value to unsigned int"],
      [() => m.ntohl(2 ** 32), "int larger than 32 bits"],
    ];
    for (const [call, message] of calls) {
      await assert.rejects(async () => await call(), { name: "RangeError", message }, String(call));
    }
  });

  Deno.test(`${name}: an error of create_server names the address as CPython does`, () => {
    using server = m.create_server(["127.0.0.1", 0]);
    const [host, port] = server.getsockname();
    assert.throws(() => m.create_server([host, port]), (error: socket.OSError) => {
      const strerror = `Address already in use (while attempting to bind on address ('127.0.0.1', ${port}))`;
      assert.deepEqual([error.code, error.syscall, error.strerror], ["EADDRINUSE", "bind", strerror]);
      assert.ok(error.message.startsWith(`[Errno ${error.errno}] ${strerror}`), error.message);
      return true;
    });
    assert.throws(() => m.create_server(["203.0.113.7", 0]), (error: socket.OSError) => {
      return error.code === "EADDRNOTAVAIL" && error.strerror!.endsWith(" on address ('203.0.113.7', 0))");
    });
    assert.throws(() => m.create_server(["127.0.0.1", 0], { family: 999 }), { code: "EAFNOSUPPORT" });
  });

  Deno.test(`${name}: an error's stack begins at the line that made the call`, async () => {
    using server = m.create_server(["127.0.0.1", 0]);
    const address = server.getsockname();
    using sk = m.socket();
    const missing = m.socket(m.AF_UNIX);
    const calls: [call: () => unknown][] = [
      [function here() {
        sk.bind(address);
      }],
      [function here() {
        sk.getpeername();
      }],
      [function here() {
        sk.setsockopt(98, 99, 1);
      }],
      [function here() {
        m.create_server(address);
      }],
      [function here() {
        m.socket(98);
      }],
      [function here() {
        m.fromfd(2 ** 31 - 2, m.AF_INET, m.SOCK_STREAM);
      }],
      [function here() {
        m.close(2 ** 31 - 2);
      }],
      [async function here() {
        await missing.connect("/nowhere/at/all");
      }],
      [async function here() {
        await m.create_connection(["127.0.0.1", 0]);
      }],
      [async function here() {
        await m.socketpair(m.AF_INET, m.SOCK_DGRAM);
      }],
    ];
    for (const [call] of calls) {
      const error = await Promise.try(call).then(() => null, (error) => error);
      assert.ok(error instanceof m.OSError, String(call));
      assert.match(
        error.stack!.split("\n    at ")[1],
        /^(async )?here \(.*error_texts_test\.ts/,
        `${call}\n${error.stack}`,
      );
    }
    missing.close();
  });
}

Deno.test("an uncaught error shows the program's line", async () => {
  await using program = await runDeno(`
    import { create_server, socket } from ${JSON.stringify(import.meta.resolve("../mod.ts"))};
    using server = create_server(["127.0.0.1", 0]);
    socket().bind(server.getsockname());
  `);
  const { code, stderr } = await program.end();
  assert.equal(code, 1);
  assert.match(stderr, /Address already in use.*\n.*socket\(\)\.bind\(server\.getsockname\(\)\);\n/);
});

Deno.test("both backends have the same error class", () => assert.equal(native.OSError, socket.OSError));
