import type { Address } from "../base/addresses.ts";
export function resolve(_f: number, _t: number, _p: number, address: Address): Address | Promise<Address> {
  return address;
}
export function resolveSync(_f: number, _t: number, _p: number, address: Address): Address {
  return address;
}
