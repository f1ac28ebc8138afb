// create_default_context: a context with safe settings.

import { checkOptions } from "../core/arguments.ts";
import type { BaseContext, VerifyLocations } from "./context.ts";
import { checkPurpose } from "./context.ts";
import {
  CERT_NONE,
  PROTOCOL_TLS_CLIENT,
  PROTOCOL_TLS_SERVER,
  Purpose,
  VERIFY_X509_PARTIAL_CHAIN,
  VERIFY_X509_STRICT,
} from "./constants.ts";
import type { PurposeObject } from "./constants.ts";

/** Makes a context of a backend's class with safe settings. `first` may be the purpose or the options. */
export function defaultContext<C extends BaseContext>(
  makeContext: (protocol: number) => C,
  first: PurposeObject | VerifyLocations,
  second: VerifyLocations | undefined,
): C {
  const isPurpose = "oid" in first;
  const purpose = isPurpose ? first : Purpose.SERVER_AUTH;
  const locations = isPurpose ? second : first;
  checkOptions(locations, ["cafile", "capath", "cadata"]);
  const { cafile = null, capath = null, cadata = null } = locations ?? {};
  checkPurpose(purpose);
  const context = makeContext(purpose === Purpose.SERVER_AUTH ? PROTOCOL_TLS_CLIENT : PROTOCOL_TLS_SERVER);
  context.verify_flags |= VERIFY_X509_PARTIAL_CHAIN | VERIFY_X509_STRICT;
  // As in Python, an empty string counts as left out.
  if (cafile || capath || cadata) {
    context.load_verify_locations({ cafile: cafile || null, capath: capath || null, cadata: cadata || null });
  } else if (context.verify_mode !== CERT_NONE) context.load_default_certs(purpose);
  return context;
}
