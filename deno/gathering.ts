// The data of a sendmsg as one piece, which is what Deno sends.

import { gather } from "../base/data.ts";

/** Gathers once for all tries of one call: `send` knows a caller who comes back by the data, the same object. */
export class Gathering {
  /** By the call's own list, since duplicates of a socket may send at the same time. */
  readonly #gathered = new WeakMap<Uint8Array[], Uint8Array>();

  /** The views one after the other. */
  of(views: Uint8Array[]): Uint8Array {
    let data = this.#gathered.get(views);
    if (data === undefined) this.#gathered.set(views, data = gather(views));
    return data;
  }
}
