// Host names as bytes, which CPython takes wherever it takes a host, and its errors for bytes that are no host name.

import assert from "node:assert/strict";
import { SUBJECTS } from "./_sim.ts";
import { failure } from "./conformance/fixtures.ts";
import { askPython, pythonTest } from "./_helpers.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

for (const { name, module: m } of SUBJECTS) {
  Deno.test(`${name}: every call with a host accepts bytes`, async () => {
    using everywhere = m.socket();
    everywhere.bind([bytes(""), 0]);
    assert.equal(everywhere.getsockname()[0], "0.0.0.0");
    using server = m.create_server([bytes("127.0.0.1"), 0]);
    const [, port] = server.getsockname();
    using client = m.socket();
    await client.connect([bytes("localhost"), port]);
    using other = await m.create_connection([bytes("127.0.0.1"), port]);
    assert.deepEqual(other.getpeername(), ["127.0.0.1", port]);
    assert.equal(await m.gethostbyname(bytes("127.0.0.1")), "127.0.0.1");
    assert.deepEqual((await m.gethostbyname_ex(bytes("127.0.0.1")))[2], ["127.0.0.1"]);
    assert.deepEqual((await m.gethostbyaddr(bytes("127.0.0.1")))[2], ["127.0.0.1"]);
    assert.equal(await m.getfqdn(bytes("no.such.host.invalid")), "no.such.host.invalid");
    assert.deepEqual((await m.getaddrinfo(bytes("127.0.0.1"), 80, m.AF_INET, m.SOCK_STREAM))[0][4], ["127.0.0.1", 80]);
    using receiver = m.socket(m.AF_INET, m.SOCK_DGRAM), sender = m.socket(m.AF_INET, m.SOCK_DGRAM);
    receiver.bind([bytes("127.0.0.1"), 0]);
    await sender.sendto("x", [bytes("localhost"), receiver.getsockname()[1]]);
    assert.equal((await receiver.recv(9)).length, 1);
  });

  pythonTest(`${name}: bytes that are no name have the same outcome as in python3`, async () => {
    const wanted = await askPython(`
import json, socket
out = []
for host in [b"\\xff\\xfe", b"a\\0b", b"<broadcast>", b"::1"]:
    try:
        sock = socket.socket()
        sock.bind((host, 0))
        out.append("bound")
    except Exception as error:
        out.append(type(error).__name__)
print(json.dumps(out))`);
    const got = [];
    for (const host of [Uint8Array.of(255, 254), bytes("a\0b"), bytes("<broadcast>"), bytes("::1")]) {
      using sk = m.socket();
      got.push(await failure(() => sk.bind([host, 0])).then((error) => error?.name ?? "bound", () => "bound"));
    }
    assert.deepEqual(got, wanted);
  });

  Deno.test(`${name}: packed addresses may be any kind of bytes`, () => {
    const packed: Uint8Array = m.inet_aton("127.0.0.1");
    assert.equal(m.inet_ntoa(packed), "127.0.0.1");
    assert.equal(m.inet_ntop(m.AF_INET, packed), "127.0.0.1");
    assert.equal(m.inet_ntop(m.AF_INET, new Uint8Array(new SharedArrayBuffer(4))), "0.0.0.0");
    assert.equal(m.inet_ntoa(new DataView(packed.buffer, packed.byteOffset, 4)), "127.0.0.1");
  });
}
