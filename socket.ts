import { Socket } from "./core/socket.ts";
import * as create from "./core/create.ts";
import { AF_INET, SOCK_STREAM } from "./base/constants.ts";
import { denoBackend } from "./deno/backend.ts";

export * from "./base/constants.ts";
export * from "./base/errors.ts";
export { Socket };

export function socket(
  family: number = AF_INET,
  type: number = SOCK_STREAM,
  proto: number = 0,
  fileno?: number | null,
): Socket {
  return create.open(denoBackend, family, type, proto, fileno);
}
