// Runs scenarios on this module's sockets, as interpreter.py does on CPython's.

import type { Socket } from "../../mod.ts";
import type { Module } from "../conformance/fixtures.ts";
import { TemporaryDirectory } from "../_helpers.ts";
import { isError } from "./scenario.ts";
import type { Entry, FamilyName, Scenario, Step } from "./scenario.ts";

/** How long a call without timeout may wait before it counts as pending, in milliseconds. */
const PATIENCE = 15;

/** Calls that the socket's timeout limits. */
const WAITING = /^(recv|send|accept|connect)/;

/** The timeout of the scenarios, in seconds. */
const SHORT = 0.01;

/** Whether CPython's call has waited for the whole timeout. */
function isTimeout(entry: Entry): boolean {
  return isError(entry) && entry.error === "TimeoutError" && entry.errno === null;
}

/** Gives a call more time if CPython's call did not time out: on a loaded machine a short timeout ends too early. */
function lengthen(socket: Socket): boolean {
  if (socket.fileno() < 0 || socket.gettimeout() !== SHORT) return false;
  socket.settimeout(40 * PATIENCE / 1000);
  return true;
}

const EAGAIN = 11;

const POLL_LEVELS = 0x001 | 0x004 | 0x008 | 0x010 | 0x020 | 0x2000;

/** How often a wait that found less than CPython's is repeated. Under load, the other events come later. */
const LOOKS = 10;

/** Whether the answer of a poll or select is a part of another answer. */
function isPartOf(answer: unknown, whole: Entry): boolean {
  if (!Array.isArray(answer) || !Array.isArray(whole)) return false;
  if (Array.isArray(answer[0])) return answer.flat().length < whole.flat().length;
  return answer.length < whole.length || answer.length === 1 && answer[0] !== whole[0] && (answer[0] & ~whole[0]) === 0;
}

const decoder = new TextDecoder("latin1");

function text(data: Uint8Array): string {
  return decoder.decode(data);
}

function bytes(data: string): Uint8Array {
  return Uint8Array.from(data, (letter) => letter.charCodeAt(0));
}

/** Runs one scenario. `judge` is CPython's trace. It tells how many bytes each receive must return. */
export async function interpret(
  module: Module,
  scenario: Scenario,
  foreign: Record<FamilyName, any>,
  judge: Entry[],
): Promise<Entry[]> {
  await using run = new Run(module, scenario.family, foreign);
  const trace: Entry[] = [];
  for (const [n, step] of scenario.steps.entries()) trace.push(await run.step(step, judge[n]));
  return trace;
}

/** What happens to memory while a call uses it. */
type Change = "transferred" | "shrunk" | "grown";

/** The change of a step's memory, if there is one, and the options of the call. */
function changeOf(rest: unknown[]): [change: Change | null, options: object] {
  return [rest.length > 1 ? rest[0] as Change : null, rest.at(-1) as object];
}

/** Memory that changes while a call uses it. */
class Changing {
  #buffer: ArrayBuffer;
  readonly #size: number;
  readonly view: Uint8Array<ArrayBuffer>;

  constructor(size: number) {
    this.#size = size;
    this.#buffer = new ArrayBuffer(size, { maxByteLength: 2 * size + 1 });
    this.view = new Uint8Array(this.#buffer);
  }

  change(how: Change): void {
    if (how === "transferred") this.#buffer = this.#buffer.transfer();
    else if (how === "grown") this.#buffer.resize(this.#buffer.maxByteLength);
    else {
      const kept = this.#buffer.slice();
      this.#buffer.resize(0);
      this.#buffer = kept;
    }
  }

  /** The first bytes of the memory, after a transfer too. */
  start(count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer, 0, Math.min(count, this.#size));
  }
}

class Run implements AsyncDisposable {
  readonly #m: Module;
  readonly #name: FamilyName;
  readonly #foreign: Record<FamilyName, any>;
  readonly #slots = new Map<number, Socket>();
  readonly #addresses = new Map<number, any>();
  readonly #ports = new Map<number, string>();
  readonly #directory = new TemporaryDirectory();

  constructor(module: Module, family: FamilyName, foreign: Record<FamilyName, any>) {
    this.#m = module;
    this.#name = family;
    this.#foreign = foreign;
  }

  /** Closes everything, and waits until the backend has released it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#slots.values(), (socket) => socket[Symbol.asyncDispose]()));
    this.#directory[Symbol.dispose]();
  }

  async step([operation, slot, ...rest]: Step, expected: Entry): Promise<Entry> {
    if (operation === "together") {
      return await Promise.all(rest.map((one, n) => this.step(one, (expected as Entry[])[n])));
    }
    const socket = this.#slots.get(slot);
    if (socket === undefined && !["socket", "pause", "select"].includes(operation)) return "none";
    const lengthened = socket !== undefined && WAITING.test(operation) && !isTimeout(expected) && lengthen(socket);
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), expected === "pending" ? PATIENCE : 40 * PATIENCE);
    try {
      const { signal } = socket?.gettimeout() === null ? patience : new AbortController();
      const options = { signal };
      if (operation === "aborted") return await this.#aborted(rest[0]);
      const call = this.#method(operation);
      let answer = await call.call(this, slot, ...rest, options);
      for (let time = 0; /poll$|^select$/.test(operation) && isPartOf(answer, expected) && time < LOOKS; time++) {
        await new Promise((resolve) => setTimeout(resolve, 3));
        answer = await call.call(this, slot, ...rest, options);
      }
      return await this.#readOn(operation, slot, rest, answer, expected) ?? null;
    } catch (error) {
      if ((error as Error).name === "AbortError") return "pending";
      const { name, errno } = error as Error & { errno?: number };
      return { error: name, errno: errno ?? null };
    } finally {
      clearTimeout(timer);
      if (lengthened && socket.fileno() >= 0) socket.settimeout(SHORT);
    }
  }

  #method(operation: string): (...args: any[]) => unknown {
    return (this as unknown as Record<string, (...args: any[]) => unknown>)[`do_${operation}`];
  }

  /** A call whose signal is aborted before: it rejects and changes nothing. */
  async #aborted([operation, slot, ...rest]: Step): Promise<string> {
    try {
      await this.#method(operation).call(this, slot, ...rest, { signal: AbortSignal.abort() });
      return "went on";
    } catch {
      return "aborted";
    }
  }

  /** A receive may return less than the kernel has. Then the rest of what CPython received is received too. */
  async #readOn(
    operation: string,
    slot: number,
    [size, flags]: any[],
    answer: unknown,
    expected: Entry,
  ): Promise<Entry> {
    if (!operation.startsWith("recv") || typeof answer !== "string" || typeof expected !== "string") return answer;
    if (flags.includes("MSG_PEEK")) return answer;
    let all = answer;
    while (all !== "" && all.length < expected.length && expected.startsWith(all) && all.length < size) {
      const more = await this.#slots.get(slot)!.recv(expected.length - all.length, this.#m.MSG_DONTWAIT).catch(() =>
        null
      );
      if (more === null || more.length === 0) break;
      all += text(more);
    }
    return all;
  }

  #flags(names: string[]): number {
    return names.reduce((flags, name) => flags | (this.#m as unknown as Record<string, number>)[name], 0);
  }

  /** Replaces ports by the order in which they appear, and paths by their last part. */
  #address(address: any): Entry {
    if (typeof address === "string") return address.replace(this.#directory.path, "");
    if (address === null) return null;
    const [host, port] = address;
    if (port === 0) return [host, 0];
    if (!this.#ports.has(port)) this.#ports.set(port, `port ${this.#ports.size + 1}`);
    return [host, this.#ports.get(port)];
  }

  #put(slot: number, socket: Socket): void {
    this.#slots.get(slot)?.close();
    this.#slots.set(slot, socket);
  }

  #target(slot: number): any {
    const nobody = () => this.#host === null ? `${this.#directory.path}/nobody` : [this.#host, 1];
    return this.#addresses.get(slot) ?? nobody();
  }

  /** The family's loopback address. Unix sockets have none. */
  get #host(): string | null {
    if (this.#name.startsWith("UNIX")) return null;
    return this.#name.endsWith("6") ? "::1" : "127.0.0.1";
  }

  #get(slot: number): Socket {
    return this.#slots.get(slot)!;
  }

  // One method for each operation.

  get #kind(): [family: number, type: number] {
    const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } = this.#m;
    const family = { "127.0.0.1": AF_INET, "::1": AF_INET6 }[this.#host ?? ""] ?? AF_UNIX;
    return [family, /^UDP|datagrams$/.test(this.#name) ? SOCK_DGRAM : SOCK_STREAM];
  }

  do_socket(slot: number): void {
    const socket = this.#m.socket(...this.#kind);
    // Accepted connections inherit it. Without it, a second small segment waits for a delayed acknowledgement.
    if (this.#name.startsWith("TCP")) socket.setsockopt(this.#m.IPPROTO_TCP, this.#m.TCP_NODELAY, 1);
    this.#put(slot, socket);
  }

  do_pause(): Promise<void> {
    // Gives the helper time to run on a loaded machine.
    return new Promise((resolve) => setTimeout(resolve, 40));
  }

  do_bind(slot: number, where: any): void {
    const free = () => this.#host === null ? this.#directory.fresh() : [this.#host, 0];
    // An address that must stay free is never bound, because other test runs on this machine use it too.
    this.#get(slot).bind(this.#addresses.has(where) ? this.#target(where) : free());
    this.#addresses.set(slot, this.#get(slot).getsockname());
  }

  do_listen(slot: number, backlog: number): void {
    this.#get(slot).listen(backlog);
    this.#addresses.set(slot, this.#get(slot).getsockname());
  }

  async do_accept(slot: number, into: number, options: object): Promise<Entry> {
    const [peer, address] = await this.#get(slot).accept(options);
    this.#put(into, peer);
    return this.#address(address);
  }

  do_connect(slot: number, where: number, options: object): unknown {
    return this.#get(slot).connect(this.#target(where), options);
  }

  do_connect_ex(slot: number, where: number, options: object): unknown {
    return this.#get(slot).connect_ex(this.#target(where), options);
  }

  do_foreign(slot: number): unknown {
    this.#get(slot).settimeout(null);
    return this.#get(slot).connect(this.#foreign[this.#name].slice(0, 2));
  }

  async do_recv(slot: number, size: number, flags: string[], options: object): Promise<string> {
    return text(await this.#get(slot).recv(size, this.#flags(flags), options));
  }

  async do_recv_into(slot: number, size: number, flags: string[], ...rest: [...unknown[], object]): Promise<string> {
    const [change, options] = changeOf(rest);
    if (change === null) {
      const buffer = new Uint8Array(size);
      return text(buffer.subarray(0, await this.#get(slot).recv_into(buffer, 0, this.#flags(flags), options)));
    }
    const memory = new Changing(size);
    try {
      const call = this.#get(slot).recv_into(memory.view, 0, this.#flags(flags), options);
      memory.change(change);
      return text(memory.start(await call));
    } catch (error) {
      // Data that has arrived is there for the next call.
      if (!(error instanceof TypeError)) throw error;
      return text(await this.#get(slot).recv(size, this.#flags(flags), options));
    }
  }

  async do_recvfrom(slot: number, size: number, flags: string[], options: object): Promise<string> {
    return text((await this.#get(slot).recvfrom(size, this.#flags(flags), options))[0]);
  }

  async do_recvmsg(slot: number, size: number, flags: string[], options: object): Promise<string> {
    return text((await this.#get(slot).recvmsg(size, 0, this.#flags(flags), options))[0]);
  }

  async do_recvfrom_whole(slot: number, size: number, flags: string[], options: object): Promise<Entry> {
    const [data, address] = await this.#get(slot).recvfrom(size, this.#flags(flags), options);
    return [text(data), this.#address(address)];
  }

  async do_recvfrom_into(
    slot: number,
    size: number,
    flags: string[],
    ...rest: [...unknown[], object]
  ): Promise<Entry> {
    const [change, options] = changeOf(rest);
    if (change !== null) {
      const memory = new Changing(size);
      try {
        const call = this.#get(slot).recvfrom_into(memory.view, size, this.#flags(flags), options);
        memory.change(change);
        const [count, address] = await call;
        return [count, text(memory.start(count)), this.#address(address)];
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }
    const buffer = new Uint8Array(size);
    const [count, address] = await this.#get(slot).recvfrom_into(buffer, size, this.#flags(flags), options);
    return [count, text(buffer.subarray(0, count)), this.#address(address)];
  }

  async do_recvmsg_whole(slot: number, size: number, names: string[], options: object): Promise<Entry> {
    const [data, ancillary, flags, address] = await this.#get(slot).recvmsg(size, 0, this.#flags(names), options);
    return [text(data), ancillary.length, flags, this.#address(address)];
  }

  do_disconnect(slot: number): unknown {
    return this.#get(slot).connect(this.#m.AF_UNSPEC);
  }

  do_send(slot: number, data: string, flags: string[], ...rest: [...unknown[], object]): unknown {
    return this.#sends("send", slot, data, flags, ...changeOf(rest));
  }

  do_sendall(slot: number, data: string, flags: string[], ...rest: [...unknown[], object]): unknown {
    return this.#sends("sendall", slot, data, flags, ...changeOf(rest));
  }

  /** Sends what its memory holds at the time of the call, even if the memory changes later. */
  #sends(
    name: "send" | "sendall",
    slot: number,
    data: string,
    flags: string[],
    change: Change | null,
    options: object,
  ) {
    if (change === null) return this.#get(slot)[name](bytes(data), this.#flags(flags), options);
    const memory = new Changing(data.length);
    memory.view.set(bytes(data));
    const call = this.#get(slot)[name](memory.view, this.#flags(flags), options);
    memory.change(change);
    return call;
  }

  do_sendto(slot: number, data: string, where: number, options: object): unknown {
    return this.#get(slot).sendto(bytes(data), this.#target(where), options);
  }

  do_sendmsg(slot: number, pieces: string[], flags: string[], options: object): unknown {
    return this.#get(slot).sendmsg(pieces.map(bytes), [], this.#flags(flags), null, options);
  }

  async do_fill(slot: number): Promise<string> {
    const one = this.#get(slot);
    one.settimeout(0);
    for (;;) {
      try {
        await one.send(new Uint8Array(1 << 20));
      } catch (error) {
        if ((error as { errno?: number }).errno !== EAGAIN) throw error;
        // The receiver's buffer may grow meanwhile.
        if ((await this.#m.select([], [one], [], 0.01))[1].length === 0) return "full";
      }
    }
  }

  async do_receive_all(slot: number): Promise<boolean> {
    this.#get(slot).settimeout(0);
    let total = 0;
    try {
      for (let count = 1; count > 0; total += count) count = (await this.#get(slot).recv(1 << 20)).length;
    } catch (error) {
      if ((error as { errno?: number }).errno !== EAGAIN) throw error;
    }
    return total > 1 << 16;
  }

  do_shutdown(slot: number, how: number): unknown {
    return this.#get(slot).shutdown(how);
  }

  do_close(slot: number): void {
    this.#get(slot).close();
  }

  do_detach(slot: number): boolean {
    const fd = this.#get(slot).detach();
    if (fd >= 0) this.#m.socket(-1, -1, -1, fd).close();
    return fd >= 0;
  }

  /** Opens the same descriptor as another socket object. */
  do_adopt(slot: number): Entry {
    const fd = this.#get(slot).detach();
    if (fd < 0) return "closed";
    const adopted = this.#m.socket(-1, -1, -1, fd);
    this.#put(slot, adopted);
    adopted.settimeout(null);
    return [adopted.family === this.#kind[0], adopted.type === this.#kind[1]];
  }

  do_dup(slot: number, into: number, ...[by]: unknown[]): void {
    const one = this.#get(slot);
    if (by !== "fromfd") return this.#put(into, one.dup());
    const copy = this.#m.fromfd(one.fileno(), one.family, one.type);
    copy.settimeout(one.gettimeout());
    this.#put(into, copy);
  }

  do_settimeout(slot: number, timeout: number | null): void {
    this.#get(slot).settimeout(timeout);
  }

  do_gettimeout(slot: number): number | null {
    return this.#get(slot).gettimeout();
  }

  do_fileno(slot: number): boolean {
    return this.#get(slot).fileno() >= 0;
  }

  do_getsockname(slot: number): Entry {
    return this.#address(this.#get(slot).getsockname());
  }

  do_getpeername(slot: number): Entry {
    return this.#address(this.#get(slot).getpeername());
  }

  do_getsockopt(slot: number, name: string): number {
    return this.#get(slot).getsockopt(this.#m.SOL_SOCKET, (this.#m as unknown as Record<string, number>)[name]);
  }

  async do_poll(slot: number, mask: number, milliseconds: number): Promise<number[]> {
    const poller = this.#m.poll();
    poller.register(this.#get(slot), mask);
    return (await poller.poll(milliseconds)).map(([, events]) => events & POLL_LEVELS);
  }

  async do_epoll(slot: number, mask: number, seconds: number): Promise<number[]> {
    using poller = this.#m.epoll();
    poller.register(this.#get(slot), mask);
    return (await poller.poll(seconds)).map(([, events]) => events & POLL_LEVELS);
  }

  async do_select(
    _slot: number,
    reading: number[],
    writing: number[],
    excepting: number[],
    seconds: number,
  ): Promise<Entry> {
    const open = (slots: number[]) => slots.filter((slot) => this.#slots.has(slot)).map((slot) => this.#get(slot));
    const answer = await this.#m.select(open(reading), open(writing), open(excepting), seconds);
    const slotOf = (socket: Socket) => [...this.#slots].find(([, one]) => one === socket)![0];
    return answer.map((ready) => ready.map(slotOf));
  }
}
