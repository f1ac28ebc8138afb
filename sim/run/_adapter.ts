// deno-lint-ignore-file
import * as seam from "../../seam/transport.ts";
import * as old from "../../transport.ts";
const caller = { turn: 0, lends: false };
const named = new Set([
  "connect",
  "recv",
  "recvInto",
  "recvFrom",
  "recvFromInto",
  "recvMessage",
  "send",
  "sendTo",
  "sendMessage",
]);
const map = (x: any): any =>
  x === seam.WOULD_BLOCK
    ? old.WOULD_BLOCK
    : x === seam.IN_PROGRESS
    ? old.IN_PROGRESS
    : x && x.transport
    ? { ...x, transport: adapt(x.transport) }
    : x;
const cache = new WeakMap();
export function adapt(t: any): any {
  if (cache.has(t)) return cache.get(t);
  const p: any = { family: t.family, type: t.type, proto: t.proto };
  for (let o = t; o && o !== Object.prototype; o = Object.getPrototypeOf(o)) {
    for (const k of Object.getOwnPropertyNames(o)) {
      if (k === "constructor" || k in p) {
        continue;
      }
      const d = Object.getOwnPropertyDescriptor(o, k)!;
      if (typeof d.value === "function") p[k] = (...a: any[]) => map(t[k](...(named.has(k) ? [caller, ...a] : a)));
    }
  }
  p.dup = () => (t.dup(), p);
  cache.set(t, p);
  return p;
}
export const adaptBackend = (b: any): any => ({
  resolver: b.resolver,
  open: (...a: any[]) => adapt(b.open(...a)),
  adopt: () => b.adopt(),
  adoptDuplicate: () => b.adoptDuplicate(),
  pair: async (...a: any[]) => (await b.pair(...a)).map(adapt),
  endpoints: (...a: any[]) => b.endpoints(...a),
});
