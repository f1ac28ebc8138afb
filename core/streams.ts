// Web streams over a socket: its two directions as a ReadableStream and a WritableStream.
//
// A stream buffers nothing. It receives only when a reader reads, and it sends one chunk at a time. So a slow reader slows
// the peer down, and a program may mix the streams with recv and send. A stream never closes the socket. It can only shut
// down a direction.

import { SHUT_RDWR, SHUT_WR } from "../base/constants.ts";
import { viewOf } from "../base/data.ts";
import type { Data } from "../base/data.ts";
import type { WaitOptions } from "./promises.ts";
import { checkUnchanged } from "./arguments.ts";

/** The part of a socket that a stream uses. */
export interface StreamSocket {
  /** Receives into a buffer, as Socket.recv_into. */
  recv_into(
    buffer: Uint8Array<ArrayBuffer>,
    nbytes: number,
    flags: number,
    options: WaitOptions,
  ): Promise<number>;
  /** Sends all of the data, as Socket.sendall. */
  sendall(data: Data, flags: number, options: WaitOptions): Promise<void>;
  /** Ends a direction, as Socket.shutdown. */
  shutdown(how: number): Promise<void>;
}

/** Whether an empty receive means the end of the stream. On a datagram socket it may be an empty datagram. */
export type EndTest = () => boolean;

/** The size of a receive, in bytes, if the reader has no buffer of its own. */
const CHUNK = 65536;

/**
 * Makes a stream of what the peer sends, until its end. It is a byte stream, so a reader may bring its own buffer. Cancelling
 * the stream aborts its receive, and later data is for recv. A timeout of the socket ends the stream with an error, as every
 * other error does; the socket can still be used. A byte stream has no empty chunks, so empty datagrams are skipped.
 */
export function readableOf(socket: StreamSocket, isEnd: EndTest): ReadableStream<Uint8Array<ArrayBuffer>> {
  const cancelled = new AbortController();
  const options = { signal: cancelled.signal };
  let scratch: Uint8Array<ArrayBuffer> | undefined;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const request = controller.byobRequest;
      // Received into one buffer and copied out. The stream detaches the memory that it gets, and 64 KiB of new memory for
      // each receive made an echo server 3.5 times slower than the copy does.
      const view = request?.view as Uint8Array<ArrayBuffer> | undefined ?? (scratch ??= new Uint8Array(CHUNK));
      let received: number;
      do received = await socket.recv_into(view, view.byteLength, 0, options); while (received === 0 && !isEnd());
      if (received === 0) controller.close();
      // At the end a reader's own buffer must be returned too, or its read would never settle.
      if (request !== null) request.respond(received);
      else if (received > 0) controller.enqueue(view.slice(0, received));
    },
    cancel(reason) {
      cancelled.abort(reason);
    },
  });
}

/**
 * Makes a stream that sends text (as UTF-8) or bytes. Closing it ends sending (SHUT_WR) after all data was sent: the peer
 * receives the end of the stream, and the socket can still receive. Aborting it ends both directions.
 */
export function writableOf(socket: StreamSocket): WritableStream<Data> {
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
