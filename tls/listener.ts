// A TLS listener. It returns connections whose handshake is done.
//
// Handshakes run side by side, so that a slow or silent client delays no other client. The next accept throws the error
// of a handshake that failed, as in Python.

import { POLLIN } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Accepted, Transport, Waiter, WouldBlock } from "../seam/transport.ts";
import { Waiters } from "../seam/waiters.ts";
import { Forwarding } from "./forwarding.ts";
import type { SecureTransport } from "./transport.ts";

/** The number of handshakes at a time. One more ends the oldest, so that silent clients cannot use up the server's memory. */
const MOST_HANDSHAKES = 512;

/** A connection whose handshake is under way. */
class Handshake implements Waiter {
  /** It does not keep the process alive. The waiters of the listener do. */
  readonly background = true;
  readonly #listener: TlsListener;
  readonly accepted: Accepted & { transport: SecureTransport };

  constructor(listener: TlsListener, accepted: Accepted & { transport: SecureTransport }) {
    this.#listener = listener;
    this.accepted = accepted;
  }

  wake(): void {
    this.accepted.transport.unwatch(this);
    this.#listener.proceed(this);
  }
}

/** A TLS listener over another listener. */
export class TlsListener extends Forwarding {
  readonly #secure: (inner: Transport) => SecureTransport;
  readonly #handshakeOnAccept: boolean;
  readonly #waiters = new Waiters();
  readonly #handshakes = new Set<Handshake>();
  /** The connections and errors that the next accepts return. */
  readonly #outcomes: (Accepted | Error)[] = [];
  readonly #foreground: Waiter = { wake: () => this.#wake() };
  readonly #background: Waiter = { wake: () => this.#wake(), background: true };
  #registered: Waiter | null = null;
  #references = 1;

  /** `secure` puts TLS on an accepted connection. */
  constructor(inner: Transport, secure: (inner: Transport) => SecureTransport, handshakeOnAccept: boolean) {
    super(inner);
    this.#secure = secure;
    this.#handshakeOnAccept = handshakeOnAccept;
  }

  override accept(): Accepted | WouldBlock {
    const error = this.#acceptAll();
    const outcome = this.#outcomes.shift() ?? error;
    if (outcome === undefined) return WOULD_BLOCK;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  /** Accepts connections of the listener below, and starts their handshakes. Returns the error that ended this (EMFILE). */
  #acceptAll(): Error | undefined {
    try {
      this.#acceptQueued();
    } catch (error) {
      return error as Error;
    }
  }

  #acceptQueued(): void {
    // Without handshakes only one is accepted. The others stay in the kernel's queue.
    while (this.#handshakeOnAccept || this.#outcomes.length === 0) {
      const accepted = this.inner.accept();
      if (accepted === WOULD_BLOCK) return;
      const transport = this.#secure(accepted.transport);
      const connection = { transport, address: accepted.address };
      if (this.#handshakeOnAccept) this.#startHandshake(connection);
      else this.#deliver(connection);
    }
  }

  #startHandshake(connection: Accepted & { transport: SecureTransport }): void {
    const handshake = new Handshake(this, connection);
    this.#handshakes.add(handshake);
    this.proceed(handshake);
    this.#dropOldest();
  }

  #dropOldest(): void {
    if (this.#handshakes.size <= MOST_HANDSHAKES) return;
    const [oldest] = this.#handshakes;
    this.#drop(oldest);
  }

  #drop(handshake: Handshake): void {
    this.#handshakes.delete(handshake);
    handshake.accepted.transport.unwatch(handshake);
    handshake.accepted.transport.close();
  }

  /** Continues a handshake. The next accept returns its outcome. */
  proceed(handshake: Handshake): void {
    const { transport } = handshake.accepted;
    try {
      if (transport.handshake() === WOULD_BLOCK) return transport.watch(POLLIN, handshake);
      this.#handshakes.delete(handshake);
    } catch (error) {
      this.#drop(handshake);
      return this.#deliver(error instanceof Error ? error : new Error(String(error)));
    }
    this.#deliver(handshake.accepted);
  }

  /** Adds an outcome, and wakes the waiters. A select may have accepted the connection while an accept waits. */
  #deliver(outcome: Accepted | Error): void {
    this.#outcomes.push(outcome);
    this.#waiters.wake(POLLIN);
  }

  #wake(): void {
    this.#unregister();
    this.#waiters.wake(POLLIN);
    this.#register();
  }

  override events(mask: number): number {
    // The error is not kept. It may not hold any more at the next accept. If it does, that accept finds it.
    const failed = this.#acceptAll() !== undefined;
    const rest = this.inner.events(mask) & ~POLLIN;
    return failed || this.#outcomes.length > 0 ? rest | POLLIN : rest;
  }

  override watch(mask: number, waiter: Waiter): void {
    this.#waiters.add(mask, waiter);
    this.#register();
  }

  override unwatch(waiter: Waiter): void {
    this.#waiters.remove(waiter);
    this.#register();
  }

  #register(): void {
    // After close, interests of an epoll stay among the waiters until its next wait.
    if (this.#references === 0 || !this.#waiters.has(~0)) return this.#unregister();
    const waiter = this.#waiters.keepAlive(~0) ? this.#foreground : this.#background;
    if (waiter === this.#registered) return;
    this.#unregister();
    this.#registered = waiter;
    this.inner.watch(POLLIN, waiter);
  }

  #unregister(): void {
    if (this.#registered !== null) this.inner.unwatch(this.#registered);
    this.#registered = null;
  }

  override dup(): Transport {
    this.#references++;
    return this;
  }

  override close(): void {
    if (--this.#references > 0) return;
    for (const handshake of this.#handshakes) this.#drop(handshake);
    for (const outcome of this.#outcomes.splice(0)) if (!(outcome instanceof Error)) outcome.transport.close();
    this.#unregister();
    this.inner.close();
    this.#waiters.wake(~0);
  }
}
