// A transport that forwards all calls to another transport. TLS overrides some of them.

import type { Address } from "../base/addresses.ts";
import type { Bytes } from "../base/data.ts";
import { errorFor } from "../base/errors.ts";
import type {
  Accepted,
  AncillaryData,
  BlockingLimits,
  Caller,
  InProgress,
  Received,
  Transport,
  Waiter,
  WouldBlock,
} from "../seam/transport.ts";

/** Forwards all calls to another transport. */
export abstract class Forwarding implements Transport {
  /** The transport below this one. */
  protected inner: Transport;

  constructor(inner: Transport) {
    this.inner = inner;
  }

  get family(): number {
    return this.inner.family;
  }
  get type(): number {
    return this.inner.type;
  }
  get proto(): number {
    return this.inner.proto;
  }
  get limits(): BlockingLimits | undefined {
    return this.inner.limits;
  }
  get released(): Promise<unknown> | undefined {
    return this.inner.released;
  }

  bind(address: Address): void {
    this.inner.bind(address);
  }
  listen(backlog: number): void {
    this.inner.listen(backlog);
  }
  accept(): Accepted | WouldBlock {
    return this.inner.accept();
  }
  resolve(address: Address, signal?: AbortSignal): Address | Promise<Address> {
    return this.inner.resolve(address, signal);
  }
  connect(caller: Caller, address: Address): void | InProgress | WouldBlock {
    return this.inner.connect(caller, address);
  }
  finishConnect(): void | WouldBlock {
    return this.inner.finishConnect();
  }
  disconnect(): void {
    this.inner.disconnect();
  }

  recv(caller: Caller, size: number, flags: number): Bytes | WouldBlock {
    return this.inner.recv(caller, size, flags);
  }
  recvInto(caller: Caller, view: Uint8Array, flags: number): number | WouldBlock {
    return this.inner.recvInto(caller, view, flags);
  }
  recvFrom(caller: Caller, size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    return this.inner.recvFrom(caller, size, flags);
  }
  recvFromInto(caller: Caller, view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    return this.inner.recvFromInto(caller, view, flags);
  }
  recvMessage(caller: Caller, views: Uint8Array[], ancillarySize: number, flags: number): Received | WouldBlock {
    return this.inner.recvMessage(caller, views, ancillarySize, flags);
  }
  send(caller: Caller, data: Uint8Array, flags: number): number | WouldBlock {
    return this.inner.send(caller, data, flags);
  }
  sendTo(caller: Caller, data: Uint8Array, flags: number, address: Address): number | WouldBlock {
    return this.inner.sendTo(caller, data, flags, address);
  }
  sendMessage(
    caller: Caller,
    views: Uint8Array[],
    ancillary: AncillaryData[],
    flags: number,
    address: Address | null,
  ): number | WouldBlock {
    return this.inner.sendMessage(caller, views, ancillary, flags, address);
  }
  forget(caller: Caller): void {
    this.inner.forget(caller);
  }
  shutdown(how: number): void | Promise<void> {
    return this.inner.shutdown(how);
  }

  getsockname(): Address {
    return this.inner.getsockname();
  }
  getpeername(): Address {
    return this.inner.getpeername();
  }
  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, size: number): Uint8Array;
  getsockopt(level: number, name: number, size?: number): number | Uint8Array {
    return size === undefined ? this.inner.getsockopt(level, name) : this.inner.getsockopt(level, name, size);
  }
  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    this.inner.setsockopt(level, name, value);
  }

  events(mask: number): number {
    return this.inner.events(mask);
  }
  watch(mask: number, waiter: Waiter): void {
    this.inner.watch(mask, waiter);
  }
  unwatch(waiter: Waiter): void {
    this.inner.unwatch(waiter);
  }
  settle(mask: number): Promise<void> | undefined {
    return this.inner.settle(mask);
  }
  atRest(): Promise<void> | undefined {
    return this.inner.atRest?.();
  }

  fileno(): number | undefined {
    return this.inner.fileno();
  }
  abstract dup(): Transport;
  ref(): void {
    this.inner.ref();
  }
  unref(): void {
    this.inner.unref();
  }
  getInheritable(): boolean {
    if (this.inner.getInheritable === undefined) throw errorFor("EOPNOTSUPP", { syscall: "get_inheritable" });
    return this.inner.getInheritable();
  }
  setInheritable(inheritable: boolean): void {
    if (this.inner.setInheritable === undefined) throw errorFor("EOPNOTSUPP", { syscall: "set_inheritable" });
    this.inner.setInheritable(inheritable);
  }
  handOver(): void {
    this.inner.handOver?.();
  }
  isReplaced(): boolean {
    return this.inner.isReplaced?.() ?? false;
  }
  abandon(): void {
    this.inner.abandon?.();
  }
  close(): void {
    this.inner.close();
  }
}
