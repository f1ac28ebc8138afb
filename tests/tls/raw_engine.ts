// An OpenSSL engine over a plain socket, for what Python's API cannot do.

import type { Socket } from "../../mod.ts";
import { handleOf } from "../../native/tls/engine.ts";
import type { NativeEngine } from "../../native/tls/engine.ts";
import { libssl } from "../../native/tls/library.ts";
import { MemoryBIO } from "../../native/tls/memory_bio.ts";
import { engineOf } from "../../tls/engines.ts";
import { requestFor } from "../../tls/request.ts";
import type { BaseContext } from "../../tls/context.ts";

/** One side of a TLS connection. The test moves its bytes. */
export class RawEngine {
  readonly #sock: Socket;
  readonly incoming = new MemoryBIO();
  readonly outgoing = new MemoryBIO();
  readonly engine: NativeEngine;

  constructor(context: BaseContext, sock: Socket, serverHostname: string | null) {
    this.#sock = sock;
    const request = requestFor(context, serverHostname === null, serverHostname, null, () => ({ context }));
    this.engine = engineOf(context).connection(request, this.incoming, this.outgoing) as NativeEngine;
  }

  /** Sends the bytes that the engine has for the peer. */
  async flush(): Promise<void> {
    if (this.outgoing.pending > 0) await this.#sock.sendall(this.outgoing.read());
  }

  /** Passes the next received bytes to the engine. */
  async pull(): Promise<void> {
    const data = await this.#sock.recv(65536);
    if (data.length === 0) this.incoming.write_eof();
    else this.incoming.write(data);
  }

  async handshake(): Promise<void> {
    while (!this.engine.handshake()) {
      await this.flush();
      await this.pull();
    }
    await this.flush();
  }

  async send(text: string): Promise<void> {
    this.engine.write(new TextEncoder().encode(text));
    await this.flush();
  }

  async receive(): Promise<string> {
    const view = new Uint8Array(65536);
    for (;;) {
      const count = this.engine.read(view);
      await this.flush();
      if (count >= 0) return new TextDecoder().decode(view.subarray(0, count));
      await this.pull();
    }
  }

  /** Changes the own key with the next data, and the peer's key too if `both` is set. */
  updateKeys(both: boolean): void {
    libssl().SSL_key_update(handleOf(this.engine), both ? 1 : 0);
  }

  free(): void {
    this.engine.free();
  }
}
