// The data of a sendmsg as one piece, which is what Deno sends.

import { gather } from "../base/data.ts";

/** Gathers once for all tries of one call: `send` knows a caller who comes back by the data, the same object. */
export class Gathering {
  #views: Uint8Array[] | null = null;
  #data: Uint8Array = new Uint8Array(0);

  /** The views one after the other. */
  of(views: Uint8Array[]): Uint8Array {
    if (this.#views !== views) {
      this.#views = views;
      this.#data = gather(views);
    }
    return this.#data;
  }
}
