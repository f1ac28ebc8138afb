// A claimed address and its queue of connections, over a Deno.Listener.
//
// Deno binds and listens in one step. So bind opens a listener at once, which claims the address and tells
// the true port, and listen opens it again with the backlog that was asked for: whoever connected before
// listen is turned away by that, and never served. (A Unix listener is opened once: who came early waits.)

import { POLLERR, POLLIN } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { WouldBlock } from "../seam/transport.ts";
import type { Waiters } from "../seam/waiters.ts";
import { absolutePath } from "./addresses.ts";
import type { Opener } from "./endpoints.ts";
import { fromDeno } from "./errors.ts";
import { Reference, turns } from "./event_loop.ts";

/**
 * Connections that died in the queue: the next one is taken instead, as accept(2) advises. ENOTCONN is one that was
 * reset: the kernel hands it out, and Deno, which asks for the peer's address then, drops it.
 */
const DIED_IN_QUEUE = new Set(["ECONNABORTED", "EINTR", "ENOTCONN", "EPROTO"]);

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
  /** The file of a Unix listener. */
  readonly #file: ListenerFile | null;
  /** Settles when the closed listener's address is free; undefined where it is at once. */
  released: Promise<unknown> | undefined;
  /** Whether the listener is closed and its address could not be claimed again. */
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

  /** Opens the queue. Listening again only changes the backlog, which Deno cannot: the first one stays. */
  listen(backlog: number): void {
    if (this.#listening) return;
    this.#reopen(backlog);
    this.#backlog = backlog;
    this.#listening = true;
  }

  /** Whether an accept is under way, or a connection waits that was accepted ahead. */
  get busy(): boolean {
    return this.#accepting || this.#ready.length > 0;
  }

  /** Opens the queue in another way, on the same address. Clients that wait in the old queue are turned away. */
  replace(open: Opener): void {
    this.#open = open;
    this.#reopen(this.#backlog);
  }

  /** Ends listening and keeps the address: whoever has connected and was not accepted is turned away (a Unix client by close). */
  unlisten(): void {
    this.#listening = false;
    try {
      this.#reopen(0);
    } catch {
      // While an accept is under way Deno keeps the port for a moment: then the claim is given up with the queue.
    }
    this.#drop();
    this.#waiters.wake(POLLIN);
  }

  /**
   * Opens the listener anew, which turns away whoever has connected. A Unix one stays: its path would be another file
   * then, with the rights of this moment and not those of bind and chmod; and Deno has no say over its queue anyway.
   */
  #reopen(backlog: number): void {
    if (this.addr.transport === "unix") return;
    this.#accepting = false;
    // Closed already where the address was lost to somebody else the last time.
    if (!this.#lost) this.#listener.close();
    this.#lost = true;
    this.#listener = this.#open(backlog);
    this.#lost = false;
    this.#reference = new Reference(this.#listener, this.#referenced);
  }

  #drop(): void {
    for (const conn of this.#ready.splice(0)) conn.close();
  }

  /** The oldest connection that has come. */
  accept(): Deno.Conn | WouldBlock {
    const come = this.#ready.shift() ?? this.#takeError();
    if (come === null) return WOULD_BLOCK;
    // For whoever stays registered over an accept, as epoll does.
    if (this.#waiters.wait(POLLIN)) this.acceptAhead();
    if (come instanceof Error) throw come;
    return come;
  }

  #takeError(): Error | null {
    const error = this.#error;
    this.#error = null;
    return error;
  }

  /** Accepts one connection ahead for whoever waits. A second pending accept would be Busy. */
  acceptAhead(): void {
    this.#reference.parked = !this.#waiters.hold(POLLIN);
    if (this.#accepting || !this.#listening || this.#ready.length > 0 || this.#closed) return;
    this.#accepting = true;
    const listener = this.#listener;
    const underWay: Promise<unknown> = listener.accept().then(
      (conn) => listener === this.#listener ? this.#onAccept(conn) : conn.close(),
      (error) => listener === this.#listener && this.#onFailure(error),
    ).finally(() => {
      if (this.#underWay === underWay) this.#underWay = undefined;
    });
    this.#underWay = underWay;
  }

  #onAccept(conn: Deno.Conn): void {
    this.#accepting = false;
    if (this.#closed || !this.#listening) return conn.close();
    this.#ready.push(conn);
    this.#waiters.wake(POLLIN);
  }

  #onFailure(failure: unknown): void {
    this.#accepting = false;
    if (this.#closed) return;
    const error = fromDeno(failure, { syscall: "accept" });
    if (DIED_IN_QUEUE.has((error as { code?: string }).code ?? "")) return this.acceptAhead();
    // Whoever asked has given up, and the next accept may find it otherwise (EMFILE).
    if (!this.#waiters.wait(POLLIN)) return;
    this.#error = error;
    this.#waiters.wake(POLLIN | POLLERR);
  }

  events(): number {
    return this.#ready.length > 0 || this.#error !== null ? POLLIN : 0;
  }

  async settle(): Promise<void> {
    this.acceptAhead();
    await turns(() => !this.#accepting);
    this.park();
  }

  /** Somebody stopped waiting: an accept under way that nobody waits for is parked. */
  park(): void {
    if (this.#accepting && !this.#closed && !this.#waiters.hold(POLLIN)) this.#reference.parked = true;
  }

  /** The user's ref() and unref(). */
  set referenced(referenced: boolean) {
    this.#referenced = referenced;
    this.#reference.referenced = referenced;
  }

  /**
   * Closes the queue with every connection in it that was not accepted. Deno lets go of the address when an accept under
   * way has ended, which is a matter of the event loop: `released` tells when.
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

// The file of a Unix listener. Deno unlinks the listener's path when it closes, whatever is there by then: another
// server's socket after a restart by rename, or a regular file. So what is there is looked at first.

/** What stands at a path: the same file has the same identity. Null where nothing does, or it may not be looked at. */
function identityOf(path: string): { dev: number; ino: number | null; isDirectory: boolean } | null {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return null;
  try {
    return Deno.lstatSync(path);
  } catch {
    return null;
  }
}

function mayLink(path: string): boolean {
  return (["read", "write"] as const).every((name) => Deno.permissions.querySync({ name, path }).state === "granted");
}

/** The file that a listener's bind has made. */
export class ListenerFile {
  readonly #path: string;
  readonly #made: { dev: number; ino: number | null } | null;

  /** Remembers what bind has made at a path. Abstract names are no files. */
  constructor(path: string) {
    // Deno keeps the path as it was given: openers give it an absolute one.
    this.#path = absolutePath(path);
    this.#made = path.startsWith("\0") ? null : identityOf(this.#path);
  }

  /**
   * Closes the listener, and leaves a file alone that is not its own: that has a second name for the moment, since
   * Deno's unlink cannot be kept from the first one. `underWay` is an accept that Deno ends, and with it the listener.
   * Answers a promise where that takes a moment.
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

  /** Whether something stands at the path that is not this listener's. A directory is in no danger of being unlinked. */
  #isAnothers(): boolean {
    if (this.#made === null) return false;
    const there = identityOf(this.#path);
    if (there === null || there.isDirectory) return false;
    return there.ino !== this.#made.ino || there.dev !== this.#made.dev;
  }

  /** Gives the file its first name back, unless something newer has that. */
  #restore(second: string): undefined {
    try {
      Deno.linkSync(second, this.#path);
    } catch {
      // Something newer has the name.
    }
    Deno.removeSync(second);
  }

  /** Where the file cannot be kept, the listener stays open until the process ends, and turns away its clients. */
  #keepOpen(listener: Deno.Listener, underWay: Promise<unknown> | undefined): undefined {
    (listener as Deno.Listener & { unref(): void }).unref();
    const turnAway = async () => {
      await underWay;
      for (;;) (await listener.accept()).close();
    };
    turnAway().catch(() => {});
  }
}
