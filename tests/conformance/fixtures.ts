// The parts that the suites share: the module of a backend, the three families of streams, and prepared sockets.

import assert from "node:assert/strict";
import type { Socket } from "../../mod.ts";
import { TemporaryDirectory } from "../_helpers.ts";

/** The public API, as every backend exports it. */
export type Module = typeof import("../../mod.ts");

/** A backend under test. */
export interface Subject {
  /** The prefix of the test names. */
  name: string;
  module: Module;
  /** The address of the module, for tests in another process. */
  url: string;
  /** The titles of tests that cannot hold on this backend, with the reasons. */
  exempt?: Readonly<Record<string, string>>;
}

/** Returns a function that declares tests of a subject. Exempt tests are left out. */
export function declare({ name, exempt = {} }: Subject): (what: string, fn: () => Promise<void> | void) => void {
  return (what, fn) => {
    if (!Object.hasOwn(exempt, what)) Deno.test(`${name}: ${what}`, fn);
  };
}

/** A free address for bind, in one of the stream families. */
export interface Place extends Disposable {
  family: number;
  address: any;
}

/** The families of streams by name. */
export const FAMILIES = ["IPv4", "IPv6", "Unix"] as const;

/** Returns a free address of a family. */
export function place(m: Module, family: typeof FAMILIES[number]): Place {
  if (family === "IPv4") return { family: m.AF_INET, address: ["127.0.0.1", 0], [Symbol.dispose]() {} };
  if (family === "IPv6") return { family: m.AF_INET6, address: ["::1", 0], [Symbol.dispose]() {} };
  const directory = new TemporaryDirectory();
  return { family: m.AF_UNIX, address: directory.fresh(), [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

/** A listener and its address. */
export class Listening implements Disposable {
  readonly server: Socket;
  readonly address: any;
  readonly #place: Place;
  readonly #module: Module;

  constructor(m: Module, family: typeof FAMILIES[number], backlog = 16) {
    this.#module = m;
    this.#place = place(m, family);
    this.server = m.socket(this.#place.family);
    this.server.bind(this.#place.address);
    this.server.listen(backlog);
    this.address = this.server.getsockname();
  }

  /** Returns a new, unconnected socket of the family. */
  socket(): Socket {
    return this.#module.socket(this.#place.family);
  }

  [Symbol.dispose](): void {
    this.server.close();
    this.#place[Symbol.dispose]();
  }
}

/** A listener with one connection: the client's socket and the accepted one. */
export class Connected extends Listening {
  client!: Socket;
  peer!: Socket;

  static async open(m: Module, family: typeof FAMILIES[number] = "IPv4"): Promise<Connected> {
    const all = new Connected(m, family);
    all.client = all.socket();
    const accepted = all.server.accept();
    await all.client.connect(all.address);
    [all.peer] = await accepted;
    return all;
  }

  override [Symbol.dispose](): void {
    this.client.close();
    this.peer.close();
    super[Symbol.dispose]();
  }
}

const decoder = new TextDecoder();

/** Bytes as text. */
export function text(data: Uint8Array): string {
  return decoder.decode(data);
}

/** Receives exactly that many bytes, or fewer at the end of the stream. */
export async function receive(socket: Socket, size: number): Promise<Uint8Array> {
  const all = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const count = await socket.recv_into(all.subarray(length));
    if (count === 0) break;
    length += count;
  }
  return all.subarray(0, length);
}

/** Rejects if a promise does not settle in time. A passing test does not wait for the limit. */
export async function settled<T>(promise: Promise<T>, ms = 10_000): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("never settled")), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asserts that a promise stays pending while the event loop turns. */
export async function staysPending(promise: Promise<unknown>): Promise<void> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let turn = 0; turn < 300; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(settled, false, "pending");
}

/** Returns the error that a call throws or rejects with, or null if it succeeds. */
export async function failure(call: () => unknown): Promise<any> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return null;
}
