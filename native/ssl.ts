import { BaseContext } from "../tls/context.ts";
import { PROTOCOL_TLS } from "../tls/constants.ts";
import { NativeContext } from "./tls/context.ts";
export * from "../tls/constants.ts";
export * from "../tls/errors.ts";
export { MemoryBIO } from "./tls/memory_bio.ts";
export { SSLSession } from "./tls/session.ts";
export class SSLContext extends BaseContext {
  constructor(protocol: number = PROTOCOL_TLS) {
    super(protocol, new NativeContext(protocol));
  }
}
