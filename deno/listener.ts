// A claimed address and its queue of connections, over a Deno.Listener.
//
// Deno binds and listens in one step. So bind opens a listener with an empty queue, which claims the address and reports
// its port. listen opens it again with the backlog that was asked for. A client that connected in between is turned away.
// A Unix listener is opened once only, and a client that connects to it before listen waits.

import { POLLERR, POLLIN, POLLOUT } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { WouldBlock } from "../seam/transport.ts";
import type { Waiters } from "../seam/waiters.ts";
import { absolutePath, identityOf } from "./addresses.ts";
import type { FileIdentity } from "./addresses.ts";
import type { Opener } from "./endpoints.ts";
import { fromDeno } from "./errors.ts";
import { beginOperation, endOperation, eventLoopTurns, Reference } from "./event_loop.ts";

/**
 * Errors of a connection that ended in the queue. accept(2) advises to take the next one. ENOTCONN means a connection that
 * was reset: the kernel returns it from accept, and Deno drops it when it asks for the peer's address.
 */
const ENDED_IN_QUEUE = new Set(["ECONNABORTED", "EINTR", "ENOTCONN", "EPROTO"]);

/** A bound stream socket, before and after listen. */
export class Listener {
  #open: Opener;
  #backlog = 0;
  readonly #waiters: Waiters;
  #listener: Deno.Listener;
  #listening = false;
  #accepting = false;
  #ready: Deno.Conn[] = [];
  #error: Error | null = null;
  #closed = false;
  /** The accept under way, until it has ended. */
  #underWay: Promise<unknown> | undefined;
  /** The file of a Unix listener; null for TCP. */
  readonly #file: ListenerFile | null;
  /** Settles when the address of the closed listener is free. Undefined if it is free at once. */
  released: Promise<unknown> | undefined;
  /** Whether the listener is closed, and its address is not claimed yet, or could not be claimed again. */
  #lost = false;
  #referenced: boolean;
  #reference: Reference;

  /** Claims the address. */
  constructor(open: Opener, waiters: Waiters, referenced: boolean) {
    this.#open = open;
    this.#waiters = waiters;
    this.#referenced = referenced;
    this.#listener = open(0);
    this.#reference = new Reference(this.#listener, referenced);
    const { addr } = this.#listener;
    this.#file = addr.transport === "unix" ? new ListenerFile((addr as Deno.UnixAddr).path ?? "") : null;
  }

  get addr(): Deno.Addr {
    return this.#listener.addr;
  }
  get listening(): boolean {
    return this.#listening;
  }

  /** Starts to queue connections. In the kernel a second call changes the backlog. Deno cannot change it. */
  listen(backlog: number): void {
    if (this.#listening) return;
    this.#reopen(backlog);
    this.#backlog = backlog;
    this.#listening = true;
  }

  /** Whether an accept is under way, or an accepted connection has not been taken yet. */
  get busy(): boolean {
    return this.#accepting || this.#ready.length > 0;
  }

  /** Opens the listener again with another opener, on the same address. Clients in the old queue are turned away. */
  replace(open: Opener): void {
    this.#open = open;
    this.#reopen(this.#backlog);
  }

  /**
   * Ends listening and keeps the address. TCP clients in the queue are turned away now, and Unix clients when the listener
   * is closed. Returns a promise if an accept is under way: Deno keeps the port until that has ended, and then the address
   * is claimed again.
   */
  unlisten(): Promise<void> | undefined {
    this.#listening = false;
    this.#error = null;
    this.#waiters.wake(POLLIN);
    if (this.#isUnix) return undefined;
    this.#drop();
    if (this.#underWay === undefined) return this.#claimAgain();
    this.#closeNow();
    return this.#underWay.then(() => this.#claimAgain());
  }

  /** Claims the address after listening has ended, unless another call did. */
  #claimAgain(): undefined {
    if (this.#closed || this.#listening) return;
    try {
      this.#reopen(0);
    } catch {
      // Another process has taken the address. The next listen fails.
    }
  }

  /**
   * Opens the listener again, which turns away the clients in its queue. A Unix listener stays open: opening it again would
   * make a new file, with the permissions of this moment instead of those of bind and chmod. Its backlog cannot be set
   * anyway.
   */
  #reopen(backlog: number): void {
    if (this.#isUnix) return;
    this.#closeNow();
    this.#listener = this.#open(backlog);
    this.#lost = false;
    this.#reference = new Reference(this.#listener, this.#referenced);
  }

  /** Closes the listener until it is opened again. An accept under way ends soon, and its outcome is dropped. */
  #closeNow(): void {
    this.#accepting = false;
    if (this.#lost) return;
    if (this.#underWay !== undefined) this.#reference.hold();
    this.#listener.close();
    this.#lost = true;
  }

  get #isUnix(): boolean {
    return this.addr.transport === "unix";
  }

  #drop(): void {
    for (const conn of this.#ready.splice(0)) conn.close();
  }

  /** Takes the oldest accepted connection. */
  accept(): Deno.Conn | WouldBlock {
    const come = this.#ready.shift() ?? this.#takeError();
    if (come === null) return WOULD_BLOCK;
    // For waiters that stay registered, as epoll's do.
    if (this.#waiters.has(POLLIN)) this.acceptAhead();
    if (come instanceof Error) throw come;
    return come;
  }

  #takeError(): Error | null {
    const error = this.#error;
    this.#error = null;
    return error;
  }

  /** Accepts one connection for the waiters. A second accept at the same time would fail with Busy. */
  acceptAhead(): void {
    this.#reference.parked = !this.#waiters.keepAlive(POLLIN);
    if (this.#accepting || !this.#listening || this.#ready.length > 0 || this.#closed) return;
    this.#accepting = true;
    const listener = this.#listener;
    const operation = beginOperation();
    const underWay: Promise<unknown> = listener.accept().then(
      (conn) => this.#isOpen(listener) ? this.#onAccept(conn) : conn.close(),
      (error) => this.#isOpen(listener) && this.#onFailure(error),
    ).finally(() => {
      endOperation(operation);
      if (this.#underWay === underWay) this.#underWay = undefined;
    });
    this.#underWay = underWay;
  }

  /** Whether a listener is the one in use, and was not closed since. */
  #isOpen(listener: Deno.Listener): boolean {
    return listener === this.#listener && !this.#lost;
  }

  #onAccept(conn: Deno.Conn): void {
    this.#accepting = false;
    // A Unix listener that was shut down keeps its queue until it is closed.
    if (this.#closed || (!this.#listening && !this.#isUnix)) return conn.close();
    this.#ready.push(conn);
    this.#waiters.wake(POLLIN);
  }

  #onFailure(failure: unknown): void {
    this.#accepting = false;
    if (this.#closed) return;
    const error = fromDeno(failure, { syscall: "accept" });
    if (ENDED_IN_QUEUE.has((error as { code?: string }).code ?? "")) return this.acceptAhead();
    // The call that waited was given up. The next accept may succeed (EMFILE), so the error is dropped.
    if (!this.#waiters.has(POLLIN)) return;
    this.#error = error;
    this.#waiters.wake(POLLIN | POLLERR);
  }

  events(): number {
    return this.#ready.length > 0 || this.#error !== null ? POLLIN : 0;
  }

  /**
   * Accepts what has arrived. If POLLOUT is asked for too, an event that a listener never has, it takes as long as without a
   * connection: settleWatched relies on that.
   */
  async settle(mask: number): Promise<void> {
    this.acceptAhead();
    await eventLoopTurns(() => !this.#accepting && (mask & POLLOUT) === 0);
    this.park();
  }

  /** Called when a waiter was withdrawn. Parks an accept under way that nothing waits for. */
  park(): void {
    if (this.#accepting && !this.#closed && !this.#waiters.keepAlive(POLLIN)) this.#reference.parked = true;
  }

  /** Set by ref() and unref(). */
  set referenced(referenced: boolean) {
    this.#referenced = referenced;
    this.#reference.referenced = referenced;
  }

  /**
   * Closes the listener and the connections that were not accepted. If an accept is under way, Deno frees the address only
   * when it has ended, in a later turn of the event loop. `released` settles then.
   */
  close(): void {
    this.#closed = true;
    if (this.#underWay !== undefined) this.#reference.hold();
    if (this.#lost) this.released = this.#underWay;
    else if (this.#file !== null) this.released = this.#file.close(this.#listener, this.#underWay);
    else {
      this.#listener.close();
      this.released = this.#underWay;
    }
    this.#drop();
  }
}

// The file of a Unix listener.

function mayLink(path: string): boolean {
  return (["read", "write"] as const).every((name) => Deno.permissions.querySync({ name, path }).state === "granted");
}

/**
 * The file that the bind of a listener made.
 *
 * When a listener closes, Deno unlinks its path, even if the path belongs to another file by then. It may be the socket of
 * another server, after a restart by rename, or a regular file. So this class looks at the file first.
 */
export class ListenerFile {
  readonly #path: string;
  readonly #made: FileIdentity | null;

  /** Notes the identity of the file at a path. Abstract names have no file. */
  constructor(path: string) {
    // Deno keeps the path as it was given, and openers give it an absolute one.
    this.#path = absolutePath(path);
    this.#made = path.startsWith("\0") ? null : identityOf(this.#path);
  }

  /**
   * Closes the listener without losing a file that is not its own. Deno's unlink cannot be prevented. So this makes a second
   * hard link to such a file before the close, and links the file to the path again after it. `underWay` is an accept that
   * ends with the listener. Returns a promise if that takes time.
   */
  close(listener: Deno.Listener, underWay: Promise<unknown> | undefined): Promise<unknown> | undefined {
    if (!this.#isAnothers()) {
      listener.close();
      return underWay;
    }
    const second = `${this.#path}.${crypto.randomUUID()}`;
    try {
      if (!mayLink(second)) return this.#keepOpen(listener, underWay);
      Deno.linkSync(this.#path, second);
    } catch {
      // A file system without hard links, or a directory that may not be written to.
      return this.#keepOpen(listener, underWay);
    }
    listener.close();
    if (underWay === undefined) return this.#restore(second);
    return underWay.then(() => this.#restore(second));
  }

  /** Whether another file than the listener's is at the path. A directory does not count: unlink does not remove it. */
  #isAnothers(): boolean {
    if (this.#made === null) return false;
    const there = identityOf(this.#path);
    if (there === null || there.isDirectory) return false;
    return there.ino !== this.#made.ino || there.dev !== this.#made.dev;
  }

  /** Links the file to its first name again, unless a newer file has that name. */
  #restore(second: string): undefined {
    try {
      Deno.linkSync(second, this.#path);
    } catch {
      // A newer file has the name.
    }
    Deno.removeSync(second);
  }

  /**
   * Used when the file cannot be protected. The listener stays open until the process ends, and closes each connection that
   * it gets.
   */
  #keepOpen(listener: Deno.Listener, underWay: Promise<unknown> | undefined): undefined {
    (listener as Deno.Listener & { unref(): void }).unref();
    const turnAway = async () => {
      await underWay;
      for (;;) (await listener.accept()).close();
    };
    turnAway().catch(() => {});
  }
}
