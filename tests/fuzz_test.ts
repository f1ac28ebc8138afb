// Random and mutated input for everything that parses text or bytes, compared with CPython.
//
// FUZZ_SECONDS is the time for each subject, with a new seed. Without it there is one round with a fixed seed, so that
// all test runs do the same. A failure prints its seed, and FUZZ_SEED sets the seed.

import assert from "node:assert/strict";
import { constants } from "node:os";
import type { Address } from "../mod.ts";
import * as native from "../native.ts";
import { readAncillary } from "../native/message.ts";
import { decode, encode, outgoing } from "../native/sockaddr.ts";
import type { Module } from "./conformance/fixtures.ts";
import { addrinfo, ancillary, files, inet, numbers, options, passed, paths, services, shapes } from "./fuzz/cases.ts";
import type { Case, FileCase, PassedCase, Plain } from "./fuzz/cases.ts";
import { Random } from "./fuzz/random.ts";
import { SUBJECTS } from "./_sim.ts";
import { Program, pythonTest, TemporaryDirectory } from "./_helpers.ts";

const SECONDS = Number(Deno.env.get("FUZZ_SECONDS") ?? 0);
const SEED = Number(Deno.env.get("FUZZ_SEED") ?? (SECONDS > 0 ? crypto.getRandomValues(new Uint32Array(1))[0] : 1));
const ROUND = 2000;

const GENERATORS = { inet, addrinfo, services, numbers, shapes, paths, options, ancillary, files };
/** What only the native backend can do. */
const NATIVE = { passed };

/** Converts JSON to the argument of a call. */
function read(value: Plain): any {
  if (Array.isArray(value)) return value.map(read);
  return value !== null && typeof value === "object" ? new Uint8Array(value.b) : value;
}

/** Converts the result of a call to JSON. */
function plain(value: any): Plain {
  if (value instanceof Uint8Array) return { b: [...value] };
  return Array.isArray(value) ? value.map(plain) : value ?? null;
}

type Answer = { value: Plain } | { error: string };

/** The results of some calls on a socket's file, up to the first error. */
async function readFile(m: Module, { file: [data, options, calls] }: FileCase): Promise<Answer> {
  const [one, other] = await m.socketpair();
  using _one = one;
  using _other = other;
  await one.sendall(new Uint8Array(data));
  await one.shutdown(m.SHUT_WR);
  const answers: Plain[] = [];
  const file = other.makefile("r", options);
  for (const [name, size] of calls) {
    try {
      answers.push(plain(await (file as any)[name](size)));
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
      answers.push("RangeError");
      break;
    }
  }
  await file.close();
  return { value: answers };
}

/**
 * Receives some descriptors and the credentials with limited room. Returns their sizes, and how many descriptors are
 * open then.
 */
async function receivePassed(m: Module, { passed: [stream, credentials, count, room] }: PassedCase): Promise<Answer> {
  const [one, other] = await m.socketpair(m.AF_UNIX, stream ? m.SOCK_STREAM : m.SOCK_DGRAM);
  using _one = one;
  using _other = other;
  other.setsockopt(m.SOL_SOCKET, m.SO_PASSCRED, Number(credentials));
  const rights = new Uint8Array(4 * count);
  await one.sendmsg(["x"], count > 0 ? [[m.SOL_SOCKET, m.SCM_RIGHTS, rights]] : []);
  const [data, ancillary, flags] = await other.recvmsg(10, room);
  let open = 0;
  for (const [, type, content] of ancillary) {
    if (type !== m.SCM_RIGHTS) continue;
    for (const fd of new Int32Array(content.buffer, 0, content.length >> 2)) {
      m.close(fd);
      open++;
    }
  }
  const sizes = ancillary.map(([level, type, content]) => [level, type, content.length]);
  return { value: [plain(data), sizes, flags, open] };
}

async function answer(m: Module, one: Case | FileCase | PassedCase): Promise<Answer> {
  if ("file" in one) return await readFile(m, one);
  if ("passed" in one) return await receivePassed(m, one);
  const { on, call: [name, args] } = one;
  const sock = on === undefined ? undefined : m.socket(...on);
  sock?.setblocking(false);
  try {
    const value = await ((sock ?? m) as any)[name](...args.map(read));
    return { value: plain(value) };
  } catch (error) {
    if (error instanceof m.gaierror || error instanceof m.herror) return { error: `${error.name} ${error.errno}` };
    if (error instanceof m.OSError) return { error: error.errno === undefined ? "OSError" : `OSError ${error.errno}` };
    if (error instanceof TypeError) return { error: "TypeError" };
    if (error instanceof RangeError) return { error: "RangeError" };
    throw error;
  } finally {
    sock?.close();
  }
}

/** Whether the default backend refused what Deno cannot express. The message names the alternative. */
function isNotServed(answer: Answer): boolean {
  const { ENOPROTOOPT, EOPNOTSUPP } = constants.errno;
  return "error" in answer && [`OSError ${ENOPROTOOPT}`, `OSError ${EOPNOTSUPP}`].includes(answer.error);
}

/** Runs rounds until the time is over, and at least one. */
async function rounds(round: (r: Random) => void | Promise<void>, seed: number): Promise<void> {
  const r = new Random(seed);
  const end = performance.now() + SECONDS * 1000;
  do await round(r); while (performance.now() < end);
}

for (const { name, module: m } of SUBJECTS) {
  for (const [kind, generate] of Object.entries(name === "native" ? { ...GENERATORS, ...NATIVE } : GENERATORS)) {
    pythonTest(`${name}: random ${kind} are accepted and refused as by CPython`, async () => {
      using directory = new TemporaryDirectory();
      const judge = new URL("fuzz/judge.py", import.meta.url).pathname;
      await using python = new Program("python3", ["-u", judge, directory.path]);
      await rounds(async (r) => {
        const cases = Array.from({ length: ROUND }, () => generate(m, r));
        await python.write(JSON.stringify(cases));
        const theirs: Answer[] = await python.json();
        const differences: unknown[] = [];
        for (const [i, one] of cases.entries()) {
          const ours = await answer(m, one);
          // The simulation does not support ancillary data.
          if ((name === "deno" || (name === "sim" && kind === "ancillary")) && isNotServed(ours)) continue;
          if (JSON.stringify(ours) !== JSON.stringify(theirs[i])) {
            differences.push({ case: one, ours, theirs: theirs[i] });
          }
        }
        const shown = differences.slice(0, 10).map((difference) => JSON.stringify(difference)).join("\n");
        assert.equal(differences.length, 0, `FUZZ_SEED=${SEED}: ${differences.length} differences\n${shown}`);
      }, SEED);
    });
  }
}

/** Writes an address as a struct sockaddr and reads it again. */
function again(family: number, address: Address): Address | null {
  const length = encode(family, address);
  return decode(outgoing.slice(), length);
}

Deno.test("native: any bytes are read as an address without a crash, and a written address is read unchanged", async () => {
  await rounds((r) => {
    for (let i = 0; i < ROUND; i++) {
      const bytes = r.bytes(128);
      if (r.below(4) > 0) bytes.set([r.pick([0, 1, 2, 10, 16, 17, 40, 42]), 0]);
      const length = r.below(129);
      const address = decode(bytes, length);
      assert.ok(
        address === null || typeof address === "string" || Array.isArray(address) || address instanceof Uint8Array,
      );
      const ipv4: [string, number] = [r.bytes(4).join("."), r.below(65536)];
      assert.deepEqual(again(native.AF_INET, ipv4), ipv4, `FUZZ_SEED=${SEED}`);
      const host = native.inet_ntop(native.AF_INET6, r.bytes(16).map((byte) => byte < 128 ? 0 : byte));
      const ipv6: [string, number, number, number] = [host, r.below(65536), r.below(2 ** 20), r.below(2 ** 32)];
      assert.deepEqual(again(native.AF_INET6, ipv6), ipv6, `FUZZ_SEED=${SEED}`);
      const path = r.text("abc\u00e9", 1 + r.below(50));
      assert.deepEqual(again(native.AF_UNIX, path), path, `FUZZ_SEED=${SEED}`);
    }
  }, SEED);
});

Deno.test("native: any bytes are read as control messages, without a read beyond the end", async () => {
  await rounds((r) => {
    for (let i = 0; i < ROUND; i++) {
      const bytes = r.bytes(r.below(120));
      const view = new DataView(bytes.buffer);
      // Plausible control messages one after the other, some with lengths that no kernel writes.
      for (let at = 0; at + 16 <= bytes.length && r.below(5) > 0;) {
        const left = bytes.length - at;
        const length = r.pick([16 + r.below(24), 16 + r.below(24), left, left + r.below(9), r.integer() >>> 0, 16, 0]);
        view.setBigUint64(at, BigInt(length), true);
        at += Math.max(8, Math.ceil(length / 8) * 8);
      }
      const end = r.pick([bytes.length, r.below(bytes.length + 1)]);
      const expected: number[][] = [];
      for (let at = 0; at + 16 <= end && view.getUint32(at, true) >= 16;) {
        const stop = Math.min(end, at + view.getUint32(at, true));
        expected.push([view.getInt32(at + 8, true), view.getInt32(at + 12, true), ...bytes.slice(at + 16, stop)]);
        at += Math.ceil(view.getUint32(at, true) / 8) * 8;
      }
      const found = readAncillary(view, end).map(([level, type, data]) => [level, type, ...data]);
      assert.deepEqual(found, expected, `FUZZ_SEED=${SEED}: ${bytes} up to ${end}`);
    }
  }, SEED);
});
