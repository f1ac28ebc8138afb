// MSG_FASTOPEN: a send that opens its connection, compared with CPython's.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import type { Socket } from "../native.ts";
import { askPython, pythonTest } from "./_helpers.ts";
import { settled, staysPending, text } from "./conformance/fixtures.ts";

/**
 * Sends data with the SYN although no server has given a cookie. A server that does not accept it gets the data again.
 */
const TCP_FASTOPEN_NO_COOKIE = 34;

type Address = [string, number];

const SENDS: Record<string, (sock: Socket, data: string, flags: number, address: Address) => Promise<number>> = {
  sendto: (sock, data, flags, address) => sock.sendto(data, flags, address),
  sendmsg: (sock, data, flags, address) => sock.sendmsg([data.slice(0, 2), data.slice(2)], [], flags, address),
};

/**
 * The same calls in CPython in the same modes, with and without a listener. It prints the result or the errno of each.
 */
const JUDGE = `
import json, socket
def ask(how, mode, cookie, listening):
    server = socket.create_server(("127.0.0.1", 0))
    address = server.getsockname()
    if not listening: server.close()
    s = socket.socket()
    if not cookie: s.setsockopt(socket.IPPROTO_TCP, ${TCP_FASTOPEN_NO_COOKIE}, 1)
    flags = socket.MSG_FASTOPEN
    if mode == "timeout": s.settimeout(5)
    if mode == "non-blocking": s.setblocking(False)
    if mode == "MSG_DONTWAIT": flags |= socket.MSG_DONTWAIT
    def call():
        if how == "sendto": return s.sendto(b"hello", flags, address)
        return s.sendmsg([b"he", b"llo"], [], flags, address)
    answers = []
    for _ in range(2 if mode == "blocking" and listening else 1):
        try: answers.append(call())
        except OSError as e: answers.append("%s %d" % (type(e).__name__, e.errno))
    return answers
print(json.dumps({
    "%s, %s, %s, %s" % (how, mode, "cookie" if cookie else "no cookie", "listening" if listening else "refused"): ask(how, mode, cookie, listening)
    for how in ("sendto", "sendmsg") for mode in ("blocking", "timeout", "non-blocking", "MSG_DONTWAIT")
    for cookie in (True, False) for listening in (True, False)
}))
`;

async function ask(how: string, mode: string, cookie: boolean, listening: boolean): Promise<unknown[]> {
  using server = socket.create_server(["127.0.0.1", 0]);
  const address = server.getsockname() as Address;
  if (!listening) server.close();
  using sock = socket.socket();
  if (!cookie) sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
  let flags = socket.MSG_FASTOPEN;
  if (mode === "timeout") sock.settimeout(5);
  if (mode === "non-blocking") sock.setblocking(false);
  if (mode === "MSG_DONTWAIT") flags |= socket.MSG_DONTWAIT;
  const answers: unknown[] = [];
  for (let call = 0; call < (mode === "blocking" && listening ? 2 : 1); call++) {
    try {
      answers.push(await settled(SENDS[how](sock, "hello", flags, address)));
    } catch (error) {
      answers.push(`${(error as Error).name} ${(error as socket.OSError).errno}`);
    }
  }
  return answers;
}

pythonTest("native: a send with MSG_FASTOPEN has the same outcome as in CPython, in every mode", async () => {
  const theirs = await askPython(JUDGE);
  const ours: Record<string, unknown> = {};
  for (const how of ["sendto", "sendmsg"]) {
    for (const mode of ["blocking", "timeout", "non-blocking", "MSG_DONTWAIT"]) {
      for (const cookie of [true, false]) {
        for (const listening of [true, false]) {
          const name = [how, mode, cookie ? "cookie" : "no cookie", listening ? "listening" : "refused"].join(", ");
          ours[name] = await ask(how, mode, cookie, listening);
        }
      }
    }
  }
  assert.deepEqual(ours, theirs);
});

for (const [how, send] of Object.entries(SENDS)) {
  for (const cookie of [true, false]) {
    const name = `${how}${cookie ? "" : ", with data in the SYN"}`;
    Deno.test(`native: the data that ${name} has sent arrives before the data of the next call`, async () => {
      using server = socket.create_server(["127.0.0.1", 0]);
      using client = socket.socket();
      if (!cookie) client.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
      const data = "0123456789".repeat(20_000);
      const first = send(client, data, socket.MSG_FASTOPEN, server.getsockname() as Address);
      const second = client.sendall("and more");
      const [conn] = await settled(server.accept());
      const reading = (async () => {
        let all = "";
        for await (const chunk of conn) all += text(chunk);
        return all;
      })();
      const sent = await settled(first);
      await settled(second);
      assert(sent > 0 && sent <= data.length);
      client.close();
      assert.equal(await settled(reading), data.slice(0, sent) + "and more");
      conn.close();
    });
  }
}

/** Makes a listener whose queue is full. */
async function full(all: DisposableStack): Promise<Address> {
  const server = all.use(socket.socket());
  server.bind(["127.0.0.1", 0]);
  server.listen(0);
  const address = server.getsockname() as Address;
  for (let n = 0; n < 3; n++) {
    const client = all.use(socket.socket());
    client.setblocking(false);
    await client.connect_ex(address);
  }
  return address;
}

Deno.test("native: a send that opens its connection waits until an abort, a close or SO_SNDTIMEO ends it", async () => {
  using all = new DisposableStack();
  const address = await full(all);
  const controller = new AbortController();
  const [aborted, closed, limited] = [1, 2, 3].map(() => all.use(socket.socket()));
  const calls = [
    aborted.sendto("x", socket.MSG_FASTOPEN, address, { signal: controller.signal }),
    closed.sendto("x", socket.MSG_FASTOPEN, address),
  ];
  for (const call of calls) await staysPending(call);
  controller.abort();
  await assert.rejects(calls[0], { name: "AbortError" });
  closed.close();
  await assert.rejects(calls[1], { code: "EBADF" });
  const time = new Uint8Array(new BigInt64Array([0n, 50_000n]).buffer);
  limited.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, time);
  await assert.rejects(settled(limited.sendto("x", socket.MSG_FASTOPEN, address)), { code: "EINPROGRESS" });
});
