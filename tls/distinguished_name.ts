// Distinguished names (X.501), the names of a certificate's subject and issuer.

import {
  BIT_STRING,
  BMP_STRING,
  OBJECT_IDENTIFIER,
  objectIdentifier,
  Reader,
  SET,
  UNIVERSAL_STRING,
  UTF8_STRING,
  valuesIn,
} from "./der.ts";
import type { Value } from "./der.ts";
import { nameOfAttribute } from "./oids.ts";

/** A distinguished name: a list of parts. Each part is a list of `[attribute, value]`, usually with one element. */
export type DistinguishedName = [attribute: string, value: string | Uint8Array][][];

/** Reads a distinguished name, a sequence of sets of attributes. */
export function distinguishedName(contents: Uint8Array): DistinguishedName {
  return valuesIn(contents).map((set) => {
    if (set.tag !== SET) throw new RangeError("a name whose part is no set");
    return valuesIn(set.contents).map(({ contents }) => {
      const attribute = new Reader(contents);
      const type = objectIdentifier(attribute.expect(OBJECT_IDENTIFIER).contents);
      return [nameOfAttribute(type), attributeValue(attribute.next())];
    });
  });
}

function attributeValue({ tag, contents }: Value): string | Uint8Array {
  switch (tag) {
    case BIT_STRING:
      return contents.slice(1);
    case UTF8_STRING:
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(contents);
    case BMP_STRING:
      return new TextDecoder("utf-16be", { fatal: true, ignoreBOM: true }).decode(contents);
    case UNIVERSAL_STRING: {
      const view = new DataView(contents.buffer, contents.byteOffset, contents.length);
      return Array.from({ length: contents.length / 4 }, (_, i) => String.fromCodePoint(view.getUint32(i * 4))).join(
        "",
      );
    }
    default:
      // PrintableString, IA5String and TeletexString. All implementations read them as Latin-1.
      return Array.from(contents, (byte) => String.fromCharCode(byte)).join("");
  }
}
