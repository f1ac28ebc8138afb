// Data in: text or bytes, as one byte view.

const encoder = new TextEncoder();

/** What can be sent: text (as UTF-8) or any buffer or view of one, what recv returned among them (shared memory too). */
export type Data = string | ArrayBufferView | ArrayBufferLike;

/** What can be received into: any buffer or view of one. */
export type MutableData = ArrayBufferView | ArrayBufferLike;

/** What is received: bytes in memory that can be posted, transferred and put in a Response. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The bytes of some data, without a copy where there are bytes already. */
export function bytesOf(data: Data): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (typeof data === "string") return encoder.encode(data);
  return viewOf(data);
}

/** The bytes of a buffer that is written to: the same memory, seen as bytes. */
export function viewOf(buffer: ArrayBufferView | ArrayBufferLike): Uint8Array {
  if (buffer instanceof Uint8Array) return buffer;
  if (ArrayBuffer.isView(buffer)) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  if (buffer instanceof ArrayBuffer || Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]") {
    return new Uint8Array(buffer);
  }
  throw new TypeError(`a bytes-like object is required, not '${nameOf(buffer)}'`);
}

/** A value's kind in a word, for error texts. */
export function nameOf(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? value.constructor?.name ?? "object" : typeof value;
}

/** Several views one after the other, in memory of their own. */
export function gather(views: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(views.reduce((sum, view) => sum + view.length, 0));
  let offset = 0;
  for (const view of views) {
    all.set(view, offset);
    offset += view.length;
  }
  return all;
}

/** Spreads data over views, filling each before the next. */
export function scatter(data: Uint8Array, views: Uint8Array[]): void {
  let offset = 0;
  for (const view of views) {
    const piece = data.subarray(offset, offset + view.length);
    view.set(piece);
    offset += piece.length;
  }
}
