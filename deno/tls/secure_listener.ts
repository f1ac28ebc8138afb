// A listener whose connections have TLS already when they are accepted.

import { WOULD_BLOCK } from "../../seam/transport.ts";
import type { Accepted, Transport, WouldBlock } from "../../seam/transport.ts";
import { Forwarding } from "../../tls/forwarding.ts";

/** A TLS listener. */
export class SecureListener extends Forwarding {
  readonly #secure: (connection: Transport) => Transport;

  constructor(inner: Transport, secure: (connection: Transport) => Transport) {
    super(inner);
    this.#secure = secure;
  }

  override accept(): Accepted | WouldBlock {
    const accepted = this.inner.accept();
    if (accepted === WOULD_BLOCK) return WOULD_BLOCK;
    return { transport: this.#secure(accepted.transport), address: accepted.address };
  }

  override dup(): Transport {
    this.inner.dup();
    return this;
  }
}
