// Shared by the datagram tests: sockets of each family, bound to free addresses.

import { TemporaryDirectory } from "./_helpers.ts";
import * as udp from "../udp.ts";
import { ALL_SUBJECTS, SUBJECTS } from "./_sim.ts";
import type { Module } from "./conformance/fixtures.ts";

/** The families of datagrams by name. */
export const FAMILIES = ["IPv4", "IPv6", "Unix"] as const;
export type Family = typeof FAMILIES[number];

/** The constant of a family. */
export function familyOf(name: Family): number {
  return { IPv4: udp.AF_INET, IPv6: udp.AF_INET6, Unix: udp.AF_UNIX }[name];
}

/** Sockets of one family, closed together. */
export class Sockets implements Disposable {
  readonly family: Family;
  readonly directory: TemporaryDirectory = new TemporaryDirectory();
  readonly #module: Module;
  readonly #open: udp.Socket[] = [];

  constructor(family: Family, module: Module = SUBJECTS[0].module) {
    this.family = family;
    this.#module = module;
  }

  /** Returns a free address for bind. */
  free(): udp.AddressLike {
    if (this.family === "Unix") return this.directory.fresh();
    return [this.family === "IPv4" ? "127.0.0.1" : "::1", 0];
  }

  /** An unbound socket. */
  unbound(): udp.Socket {
    const socket = this.#module.socket(familyOf(this.family), udp.SOCK_DGRAM);
    socket.settimeout(10);
    this.#open.push(socket);
    return socket;
  }

  /** A bound socket. */
  bound(): udp.Socket {
    const socket = this.unbound();
    socket.bind(this.free());
    return socket;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#open) socket.close();
    this.directory[Symbol.dispose]();
  }
}

/** A test over each backend and family. */
export function familyTest(name: string, fn: (sockets: Sockets) => Promise<void>): void {
  for (const { name: backend, module } of ALL_SUBJECTS) {
    for (const family of FAMILIES) {
      Deno.test(`${backend}: ${family}: ${name}`, async () => {
        using sockets = new Sockets(family, module);
        await fn(sockets);
      });
    }
  }
}

const decoder = new TextDecoder();

/** Bytes as text. */
export function text(data: Uint8Array): string {
  return decoder.decode(data);
}

/** Returns what a call throws or rejects with. */
export async function failure(call: () => unknown): Promise<any> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("the call succeeded");
}
