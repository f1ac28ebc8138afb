// Web streams over a socket: its two directions as a ReadableStream and a WritableStream.
//
// A stream buffers nothing. It receives only when a reader reads, and it sends one chunk at a time. So a slow reader slows
// the peer down, and a program may mix the streams with recv and send. A stream never closes the socket. It can only shut
// down a direction.

import { SHUT_RDWR, SHUT_WR } from "../base/constants.ts";
import { viewOf } from "../base/data.ts";
import type { Data } from "../base/data.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { WouldBlock } from "../seam/transport.ts";
import { checkUnchanged } from "./arguments.ts";
import type { WaitOptions } from "./promises.ts";

/** The receiving side of a socket, as a stream uses it. */
export interface StreamSource {
  /** Runs a receive in the order of the socket's receives, and in its mode. An attempt gets the flags of that mode. */
  run(attempt: (flags: number) => boolean | WouldBlock, options: WaitOptions): Promise<boolean>;
  /** Returns a size that the next datagram, or a piece of a stream, fits into. */
  nextSize(flags: number): number | WouldBlock;
  /** Receives into a buffer, without waiting. */
  receive(buffer: Uint8Array, flags: number): number | WouldBlock;
  /** Whether an empty receive means the end of the stream. On a datagram socket it may be an empty datagram. */
  isEnd(): boolean;
}

/** The sending side of a socket, as a stream uses it. */
export interface StreamSink {
  /** Sends all of the data, as Socket.sendall. */
  sendall(data: Data, flags: number, options: WaitOptions): Promise<void>;
  /** Ends a direction, as Socket.shutdown. */
  shutdown(how: number): Promise<void>;
}

/**
 * Makes a stream of what the peer sends, until its end. It is a byte stream, so a reader may bring its own buffer. Cancelling
 * the stream aborts its receive, and data that no read has got is for recv. A timeout of the socket ends the stream with an
 * error, as every other error does; the socket can still be used. A byte stream has no empty chunks, so empty datagrams are
 * skipped.
 */
export function readableOf(source: StreamSource): ReadableStream<Uint8Array<ArrayBuffer>> {
  const cancelled = new AbortController();
  const options = { signal: cancelled.signal };
  let scratch = new Uint8Array(0);

  /**
   * Returns memory for a receive whose data is copied out. The stream detaches the memory that it gets. With 64 KiB of new
   * memory for each receive, an echo server took 3.5 times as long as with the copy.
   */
  const memory = (flags: number): Uint8Array<ArrayBuffer> | WouldBlock => {
    const size = source.nextSize(flags);
    if (size === WOULD_BLOCK) return WOULD_BLOCK;
    if (size > scratch.length) scratch = new Uint8Array(size);
    return scratch;
  };

  /**
   * Receives once, and gives the data to the stream in the same run. A program could cancel the stream between a receive and
   * a later step, and the stream would drop the data. Returns false for an empty datagram.
   */
  const deliver = (controller: ReadableByteStreamController, flags: number): boolean | WouldBlock => {
    // The lane makes a last attempt when a call is aborted.
    if (cancelled.signal.aborted) return WOULD_BLOCK;
    const request = controller.byobRequest;
    // The reader was released while its read waited. The next reader pulls again.
    if (request === null && !stream.locked) return true;
    const view = request === null ? memory(flags) : request.view as Uint8Array<ArrayBuffer>;
    if (view === WOULD_BLOCK) return WOULD_BLOCK;
    const received = source.receive(view, flags);
    if (received === WOULD_BLOCK) return WOULD_BLOCK;
    if (received === 0) {
      if (!source.isEnd()) return false;
      controller.close();
    }
    // At the end a reader's own buffer must be returned too, or its read would never settle.
    if (request !== null) request.respond(received);
    else if (received > 0) controller.enqueue(view.slice(0, received));
    return true;
  };

  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    type: "bytes",
    async pull(controller) {
      const attempt = (flags: number) => deliver(controller as ReadableByteStreamController, flags);
      while (!await source.run(attempt, options));
    },
    cancel(reason) {
      cancelled.abort(reason);
    },
  });
  return stream;
}

/**
 * Makes a stream that sends text (as UTF-8) or bytes. Closing it ends sending (SHUT_WR) after all data was sent: the peer
 * receives the end of the stream, and the socket can still receive. Aborting it ends both directions.
 */
export function writableOf(socket: StreamSink): WritableStream<Data> {
  // The lengths of the queued chunks at the time of their write. A queued chunk may be detached or resized.
  const lengths: number[] = [];
  return new WritableStream<Data>({
    async write(chunk, controller) {
      const length = lengths.shift();
      if (typeof chunk !== "string" && length !== undefined) checkUnchanged(viewOf(chunk), length);
      await socket.sendall(chunk, 0, { signal: controller.signal });
    },
    async close() {
      await socket.shutdown(SHUT_WR);
    },
    async abort() {
      // SHUT_WR alone would tell the peer that it has all data. Without a shutdown the peer would wait without end.
      // It fails if the connection has ended already. Then there is nothing to do.
      await socket.shutdown(SHUT_RDWR).catch(() => {});
    },
  }, {
    highWaterMark: 1,
    // Called for each chunk at its write, in order. Each chunk counts as 1, which is the default.
    size(chunk) {
      lengths.push(typeof chunk === "string" ? chunk.length : (chunk as ArrayBufferView | undefined)?.byteLength ?? 0);
      return 1;
    },
  });
}
