// The options of a socket in memory. Common options are stored and change nothing.

import {
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_ACCEPTCONN,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_TYPE,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../../base/constants.ts";
import { errorFor } from "../../base/errors.ts";

const keyOf = (level: number, name: number) => `${level}/${name}`;

const NUMBERS = [SO_BROADCAST, SO_KEEPALIVE, SO_RCVBUF, SO_REUSEADDR, SO_REUSEPORT, SO_SNDBUF];

/** The options of one socket. */
export class Options {
  readonly #values = new Map<string, number>([
    ...NUMBERS.map((name): [string, number] => [keyOf(SOL_SOCKET, name), 0]),
    [keyOf(IPPROTO_TCP, TCP_NODELAY), 0],
    [keyOf(IPPROTO_IPV6, IPV6_V6ONLY), 1],
  ]);
  /** Whether close resets the connection. */
  resetsOnClose = false;

  /** `told` and `live` answer the read-only options of SOL_SOCKET, by name. */
  constructor(told: Record<"type" | "domain" | "protocol", number>, live: { error(): number; listening(): boolean }) {
    const { type, domain, protocol } = told;
    this.#told = new Map<number, () => number>([
      [SO_TYPE, () => type],
      [SO_DOMAIN, () => domain],
      [SO_PROTOCOL, () => protocol],
      [SO_ERROR, () => live.error()],
      [SO_ACCEPTCONN, () => Number(live.listening())],
    ]);
  }
  readonly #told: Map<number, () => number>;

  get reusesPort(): boolean {
    return this.#values.get(keyOf(SOL_SOCKET, SO_REUSEPORT)) !== 0;
  }

  get(level: number, name: number, size?: number): number | Uint8Array {
    const told = level === SOL_SOCKET ? this.#told.get(name) : undefined;
    const value = told?.() ?? this.#values.get(keyOf(level, name));
    if (value === undefined) throw errorFor("ENOPROTOOPT", { syscall: "getsockopt" });
    return size === undefined ? value : new Uint8Array(new Int32Array([value]).buffer).slice(0, size);
  }

  set(level: number, name: number, value: number | Uint8Array): void {
    const number = typeof value === "number"
      ? value
      : value.length >= 4
      ? new DataView(value.buffer, value.byteOffset).getInt32(0, true)
      : undefined;
    if (number === undefined) throw errorFor("EINVAL", { syscall: "setsockopt" });
    if (level === SOL_SOCKET && name === SO_LINGER && typeof value !== "number" && value.length === 8) {
      const seconds = new DataView(value.buffer, value.byteOffset).getInt32(4, true);
      this.resetsOnClose = number !== 0 && seconds === 0;
      return;
    }
    const key = keyOf(level, name);
    // A socket of one family cannot receive from the other one here.
    if (!this.#values.has(key) || (key === keyOf(IPPROTO_IPV6, IPV6_V6ONLY) && number === 0)) {
      throw errorFor("ENOPROTOOPT", { syscall: "setsockopt" });
    }
    this.#values.set(key, number);
  }
}
