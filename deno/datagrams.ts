import { errorFor } from "../base/errors.ts";
import type { Transport } from "../transport.ts";
export function openDatagrams(_family: number, _proto: number): Transport {
  throw errorFor("ESOCKTNOSUPPORT");
}
