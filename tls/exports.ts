// The exports that both TLS entries share.

export type { Address, AddressLike } from "../base/addresses.ts";
export type { Bytes, Data, MutableData } from "../base/data.ts";
export { OSError } from "../base/exceptions.ts";
export type { ErrorContext } from "../base/exceptions.ts";
export type { WaitOptions } from "../core/promises.ts";
export { Socket } from "../core/socket.ts";
export * from "./constants.ts";
export { BaseContext } from "./context.ts";
export type { Password, ServerNameCallback, VerifyLocations, WrapBioOptions } from "./context.ts";
export type { CipherDescription, SessionStats, StoreStats } from "./context_engine.ts";
export type { CertificateInfo } from "./certificate.ts";
export type { DistinguishedName } from "./distinguished_name.ts";
export type { GeneralName } from "./general_name.ts";
export type { ByteQueue, CipherInfo } from "./engine.ts";
export {
  SSLCertVerificationError,
  SSLCertVerificationError as CertificateError,
  SSLEOFError,
  SSLError,
  SSLSyscallError,
  SSLWantReadError,
  SSLWantWriteError,
  SSLZeroReturnError,
} from "./errors.ts";
export type { SSLErrorContext } from "./errors.ts";
export { SSLObject } from "./object.ts";
export { DER_cert_to_PEM_cert, PEM_cert_to_DER_cert } from "./pem.ts";
export type { PskClientCallback, PskServerCallback } from "./psk.ts";
export { RAND_add, RAND_bytes, RAND_status } from "./random.ts";
export { SSLSocket } from "./socket.ts";
export type { ConnectionOwner } from "./socket.ts";
export { cert_time_to_seconds } from "./time.ts";
export type { WrapSocketOptions } from "./wrap.ts";
