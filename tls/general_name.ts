// The names in a certificate's subjectAltName (RFC 5280, GeneralName), in the form of Python's ssl module.

import { objectIdentifier, Reader, SEQUENCE } from "./der.ts";
import type { Value } from "./der.ts";
import { distinguishedName } from "./distinguished_name.ts";
import type { DistinguishedName } from "./distinguished_name.ts";

/** A name: `["DNS", "example.org"]`, `["IP Address", "127.0.0.1"]`, `["DirName", …]` … */
export type GeneralName = [kind: string, value: string | DistinguishedName];

/** Reads one name. The tags are the numbers of RFC 5280. */
export function generalName({ tag, contents }: Value): GeneralName {
  switch (tag & 0x1f) {
    case 0:
      return ["othername", "<unsupported>"];
    case 1:
      return ["email", text(contents)];
    case 2:
      return ["DNS", text(contents)];
    case 3:
      return ["X400Name", "<unsupported>"];
    case 4:
      return ["DirName", distinguishedName(new Reader(contents).expect(SEQUENCE).contents)];
    case 5:
      return ["EdiPartyName", "<unsupported>"];
    case 6:
      return ["URI", text(contents)];
    case 7:
      return ["IP Address", ipText(contents)];
    case 8:
      return ["Registered ID", objectIdentifier(contents)];
    default:
      throw new RangeError("a name of an unknown kind");
  }
}

/** Decodes UTF-8 and throws for invalid bytes, as Python does. */
function text(contents: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(contents);
}

function ipText(contents: Uint8Array): string {
  if (contents.length === 4) return contents.join(".");
  if (contents.length !== 16) return "<invalid>";
  const view = new DataView(contents.buffer, contents.byteOffset, 16);
  return Array.from({ length: 8 }, (_, i) => view.getUint16(i * 2).toString(16).toUpperCase()).join(":");
}
