// Datagrams to and from python3, and the same calls compared with CPython.

import assert from "node:assert/strict";
import * as udp from "../udp.ts";
import * as constants from "../base/constants.ts";
import { askPython, pythonTest, runPython } from "./_helpers.ts";
import { failure, FAMILIES, familyOf, Sockets, text } from "./_datagrams.ts";

const PYTHON_SERVER = `
import json, socket, sys
family, address = int(sys.argv[1]), json.loads(sys.argv[2])
s = socket.socket(family, socket.SOCK_DGRAM)
s.bind(tuple(address) if isinstance(address, list) else address)
print(json.dumps(s.getsockname()))
while True:
    data, address = s.recvfrom(100000)
    if data == b"end": break
    s.sendto(data.upper(), address)
`;

const PYTHON_CLIENT = `
import json, socket, sys
family, address, own = int(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3])
s = socket.socket(family, socket.SOCK_DGRAM)
s.settimeout(10)
s.bind(tuple(own) if isinstance(own, list) else own)
s.connect(tuple(address) if isinstance(address, list) else address)
answers = []
for word in [b"one", b"", "世界".encode(), b"x" * 60000]:
    s.send(word)
    answers.append(s.recv(100000).decode())
print(json.dumps(answers))
`;

for (const family of FAMILIES) {
  pythonTest(`${family}: a python3 server answers`, async () => {
    using sockets = new Sockets(family);
    const [address, client] = [sockets.free(), sockets.unbound()];
    await using server = runPython(PYTHON_SERVER, familyOf(family), JSON.stringify(address));
    const name = await server.json();
    for (const word of ["one", "", "世界", "x".repeat(60000)]) {
      await client.sendto(word, name);
      const [data, from] = await client.recvfrom(100_000);
      assert.equal(text(data), word.toUpperCase());
      assert.deepEqual(from, name);
    }
    await client.sendto("end", name);
    assert.equal((await server.end()).code, 0);
  });

  pythonTest(`${family}: a python3 client is answered`, async () => {
    using sockets = new Sockets(family);
    const server = sockets.bound();
    const args = [server.getsockname(), sockets.free()].map((address) => JSON.stringify(address));
    await using client = runPython(PYTHON_CLIENT, familyOf(family), ...args);
    for (let count = 0; count < 4; count++) {
      const [data, address] = await server.recvfrom(100_000);
      await server.sendto(`<${text(data)}>`, address!);
    }
    assert.deepEqual(await client.json(), ["<one>", "<>", "<世界>", `<${"x".repeat(60000)}>`]);
    assert.equal((await client.end()).code, 0);
  });
}

// Each step runs here and in CPython: [call, arguments]. A string that begins with "hex:" is bytes.
const OPTIONS = ["SO_TYPE", "SO_DOMAIN", "SO_PROTOCOL", "SO_ERROR", "SO_ACCEPTCONN", "SO_REUSEADDR", "SO_REUSEPORT"]
  .concat("SO_KEEPALIVE", "SO_BROADCAST").map((name) => ["SOL_SOCKET", name]);
const MULTICAST = [
  ["IPPROTO_IP", "IP_MULTICAST_TTL"],
  ["IPPROTO_IP", "IP_MULTICAST_LOOP"],
  ["IPPROTO_IPV6", "IPV6_MULTICAST_LOOP"],
];
const GROUP = "hex:efc0070a7f000001";
const GROUP6 = "hex:ff020000000000000000000000010002" + "01000000";
const STEPS: [string, string, string, (number | string)?][] = [
  ...[...OPTIONS, ...MULTICAST].map(([level, name]) => ["get", level, name] as [string, string, string]),
  ...[...OPTIONS.slice(5), ...MULTICAST].flatMap(([level, name]) =>
    [1, 0, 5, -1, 255, 256, "hex:01000000", "hex:00", "hex:"].flatMap((
      value,
    ) => [["set", level, name, value], ["get", level, name]] as [string, string, string, (number | string)?][])
  ),
  ...OPTIONS.slice(0, 5).map(([level, name]) => ["set", level, name, 1] as [string, string, string, number]),
  ...["IP_ADD_MEMBERSHIP", "IP_ADD_MEMBERSHIP", "IP_DROP_MEMBERSHIP", "IP_DROP_MEMBERSHIP"].map((
    name,
  ) => ["set", "IPPROTO_IP", name, GROUP] as [string, string, string, string]),
  ...["IPV6_JOIN_GROUP", "IPV6_JOIN_GROUP", "IPV6_LEAVE_GROUP", "IPV6_LEAVE_GROUP"].map((
    name,
  ) => ["set", "IPPROTO_IPV6", name, GROUP6] as [string, string, string, string]),
  ["set", "IPPROTO_IP", "IP_ADD_MEMBERSHIP", "hex:0102030400000000"],
  ["set", "IPPROTO_IP", "IP_ADD_MEMBERSHIP", "hex:efc0070a08080808"],
  ["set", "IPPROTO_IP", "IP_ADD_MEMBERSHIP", "hex:efc0070a"],
  ["set", "IPPROTO_IP", "IP_ADD_MEMBERSHIP", 5],
  ["set", "IPPROTO_IPV6", "IPV6_JOIN_GROUP", "hex:ff02000000000000000000000001000263000000"],
  ["set", "IPPROTO_IPV6", "IPV6_JOIN_GROUP", "hex:0000000000000000000000000000000100000000"],
  ["set", "IPPROTO_IPV6", "IPV6_JOIN_GROUP", "hex:ff02"],
];

const PYTHON_STEPS = `
import json, socket, sys
family, bound, steps = int(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3])
s = socket.socket(family, socket.SOCK_DGRAM)
if bound: s.bind(tuple(bound) if isinstance(bound, list) else bound)
def value(v): return bytes.fromhex(v[4:]) if isinstance(v, str) else v
def do(call, level, name, v=None):
    level, name = getattr(socket, level), getattr(socket, name)
    try:
        if call == "get": return [s.getsockopt(level, name), s.getsockopt(level, name, 2).hex()]
        return s.setsockopt(level, name, value(v))
    except OSError as e: return e.errno
print(json.dumps([do(*step) for step in steps]))
`;

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array((hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16)));
}

for (const family of FAMILIES) {
  for (const bound of [false, true]) {
    pythonTest(`${family}: options of ${bound ? "a bound" : "an unbound"} socket are CPython's`, async () => {
      using sockets = new Sockets(family);
      const address = JSON.stringify(bound ? sockets.free() : null);
      const expected = await askPython(PYTHON_STEPS, familyOf(family), address, JSON.stringify(STEPS));
      const socket = sockets.unbound();
      if (bound) socket.bind(sockets.free());
      for (const [place, step] of STEPS.entries()) {
        const [call, levelName, optionName, value] = step;
        const [level, name] = [levelName, optionName].map((name) => (constants as any)[name]);
        let result: unknown = null;
        try {
          if (call === "get") {
            const hex = Array.from(socket.getsockopt(level, name, 2), (byte) => byte.toString(16).padStart(2, "0"));
            result = [socket.getsockopt(level, name), hex.join("")];
          } else socket.setsockopt(level, name, typeof value === "string" ? bytes(value.slice(4)) : value!);
        } catch (error) {
          result = (error as udp.OSError).errno;
        }
        assert.deepEqual(result, expected[place], JSON.stringify(step));
      }
    });
  }
}

Deno.test("options that Deno cannot express are ENOPROTOOPT, and the message names an alternative", async () => {
  using socket = udp.socket();
  for (const call of [() => socket.getsockopt(1, 8), () => socket.setsockopt(1, 8, 1), () => socket.getsockopt(0, 2)]) {
    const error = await failure(call);
    assert.equal(error.code, "ENOPROTOOPT");
    assert.match(error.message, /@berkeley\/socket\/native/);
  }
});
