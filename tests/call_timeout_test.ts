// A call uses the timeout and the blocking mode that held when it was made. A later settimeout is for later calls.

import assert from "node:assert/strict";
import * as native from "../native.ts";
import { errnoOf } from "../base/errno.ts";
import { partsOf } from "../core/socket.ts";
import { denoResolver } from "../deno/resolver.ts";
import { BACKENDS } from "./_backends.ts";
import { SUBJECTS } from "./_sim.ts";
import { Connected, failure, settled, staysPending, text } from "./conformance/fixtures.ts";
import type { Module } from "./conformance/fixtures.ts";
import { AF_INET, SOCK_DGRAM, SOCK_STREAM, socket } from "../mod.ts";
import type { Socket } from "../mod.ts";

/** Receives of 10 bytes with MSG_WAITALL. Each returns the text that it received. */
const RECEIVES: Record<string, (m: Module, sk: Socket) => Promise<string>> = {
  recv: async ({ MSG_WAITALL }, sk) => text(await sk.recv(10, MSG_WAITALL)),
  recv_into: async ({ MSG_WAITALL }, sk) => {
    const buffer = new Uint8Array(10);
    return text(buffer.subarray(0, await sk.recv_into(buffer, 0, MSG_WAITALL)));
  },
  recvfrom: async ({ MSG_WAITALL }, sk) => text((await sk.recvfrom(10, MSG_WAITALL))[0]),
  recvfrom_into: async ({ MSG_WAITALL }, sk) => {
    const buffer = new Uint8Array(10);
    return text(buffer.subarray(0, (await sk.recvfrom_into(buffer, 0, MSG_WAITALL))[0]));
  },
  recvmsg: async ({ MSG_WAITALL }, sk) => text((await sk.recvmsg(10, 0, MSG_WAITALL))[0]),
  recvmsg_into: async ({ MSG_WAITALL }, sk) => {
    const buffer = new Uint8Array(10);
    return text(buffer.subarray(0, (await sk.recvmsg_into([buffer], 0, MSG_WAITALL))[0]));
  },
};

for (const { name, module: m } of SUBJECTS) {
  for (const [method, receive] of Object.entries(RECEIVES)) {
    Deno.test(`${name}: settimeout during ${method} with MSG_WAITALL does not end it early`, async () => {
      using all = await Connected.open(m);
      const { client, peer } = all;
      for (const timeout of [0, 20]) {
        client.settimeout(null);
        const receiving = receive(m, client);
        client.settimeout(timeout);
        await peer.sendall("12345");
        await staysPending(receiving);
        await peer.sendall("67890");
        assert.equal(await receiving, "1234567890");
      }
    });
  }

  Deno.test(`${name}: settimeout(null) during a receive with a timeout does not make it wait for all bytes`, async () => {
    using all = await Connected.open(m);
    all.client.settimeout(20);
    const receiving = all.client.recv(10, m.MSG_WAITALL);
    all.client.settimeout(null);
    await all.peer.sendall("12345");
    assert.equal(text(await receiving), "12345");
  });

  Deno.test(`${name}: setblocking(false) during sendfile does not end it`, async () => {
    using all = await Connected.open(m);
    const size = 8 << 20;
    let left = size;
    const file = {
      seek: () => Promise.resolve(0),
      read(buffer: Uint8Array) {
        const length = Math.min(buffer.length, left);
        left -= length;
        return Promise.resolve(length === 0 ? null : length);
      },
    };
    const sending = all.client.sendfile(file);
    all.client.setblocking(false);
    await staysPending(sending);
    let received = 0;
    while (received < size) received += (await all.peer.recv(1 << 20)).length;
    assert.equal(await sending, size);
  });
}

for (const { name, module: m } of BACKENDS) {
  Deno.test(`${name}: the timeout of a call bounds its look-up too`, async () => {
    using sk = m.socket(m.AF_INET, m.SOCK_DGRAM);
    const transport = partsOf(sk).descriptor.open;
    transport.resolve = () => new Promise(() => {});
    sk.settimeout(0.01);
    const address = ["a-name", 9] as const;
    const calls = {
      connect: () => sk.connect(address),
      sendto: () => sk.sendto("x", address),
      sendmsg: () => sk.sendmsg(["x"], [], 0, address),
    };
    for (const [syscall, call] of Object.entries(calls)) {
      await assert.rejects(settled<unknown>(call()), { name: "TimeoutError", message: "timed out", syscall, address });
    }
    assert.equal(await sk.connect_ex(address), errnoOf("EAGAIN"));
  });

  Deno.test(`${name}: a call whose signal is aborted already begins no look-up`, async () => {
    using sk = m.socket(m.AF_INET, m.SOCK_DGRAM);
    let lookUps = 0;
    partsOf(sk).descriptor.open.resolve = () => {
      lookUps++;
      return Promise.reject(new Error("no such name"));
    };
    const address = ["a-name", 9] as const;
    const options = { signal: AbortSignal.abort("aborted") };
    const calls = {
      connect: () => sk.connect(address, options),
      sendto: () => sk.sendto("x", address, options),
      sendmsg: () => sk.sendmsg(["x"], [], 0, address, options),
    };
    for (const call of Object.values(calls)) await assert.rejects(call(), (reason) => reason === "aborted");
    assert.equal(lookUps, 0);
  });
}

Deno.test("deno: close ends a call that looks up a name", async () => {
  const { lookUp } = denoResolver;
  denoResolver.lookUp = () => new Promise(() => {});
  try {
    const address = ["a-name", 9] as const;
    const calls: Record<string, (sk: Socket) => Promise<unknown>> = {
      connect: (sk) => sk.connect(address),
      sendto: (sk) => sk.sendto("x", address),
      sendmsg: (sk) => sk.sendmsg(["x"], [], 0, address),
    };
    for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
      for (const [what, call] of Object.entries(calls)) {
        const sk = socket(AF_INET, type);
        const failed = failure(() => call(sk));
        await staysPending(failed);
        sk.close();
        assert.equal((await settled(failed)).code, "EBADF", what);
      }
    }
  } finally {
    denoResolver.lookUp = lookUp;
  }
});

Deno.test({
  name: "native: setblocking(false) during the look-up of a send with MSG_FASTOPEN does not change its mode",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using server = native.create_server(["127.0.0.1", 0]);
    using client = native.socket();
    const sending = client.sendto("x", native.MSG_FASTOPEN, ["localhost", server.getsockname()[1]]);
    client.setblocking(false);
    assert.equal(await sending, 1);
  },
});
