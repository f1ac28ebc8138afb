// Reads a certificate in DER (RFC 5280) into the dictionary of Python's getpeercert().

import {
  BOOLEAN,
  contextTag,
  GENERALIZED_TIME,
  hexInteger,
  INTEGER,
  OBJECT_IDENTIFIER,
  objectIdentifier,
  OCTET_STRING,
  Reader,
  SEQUENCE,
  UTC_TIME,
  valuesIn,
} from "./der.ts";
import type { Value } from "./der.ts";
import { distinguishedName } from "./distinguished_name.ts";
import type { DistinguishedName } from "./distinguished_name.ts";
import { generalName } from "./general_name.ts";
import type { GeneralName } from "./general_name.ts";

/** A certificate as `getpeercert()` returns it, with Python's names. */
export interface CertificateInfo {
  /** The distinguished name of the certificate's owner. */
  subject: DistinguishedName;
  /** The distinguished name of the authority that signed it. */
  issuer: DistinguishedName;
  /** 3 for X.509 v3. */
  version: number;
  /** The serial number in hexadecimal. */
  serialNumber: string;
  /** The start of its validity, as "Jan  5 09:34:43 2018 GMT". `cert_time_to_seconds` reads it. */
  notBefore: string;
  /** The end of its validity, in the same form. */
  notAfter: string;
  /** The names that clients check: `["DNS", "example.org"]`, `["IP Address", "127.0.0.1"]` … */
  subjectAltName?: GeneralName[];
  /** The URIs of servers for the revocation status. */
  OCSP?: string[];
  /** The URIs of the authority's certificate. */
  caIssuers?: string[];
  /** The URIs of revocation lists. */
  crlDistributionPoints?: string[];
}

const SUBJECT_ALT_NAME = "2.5.29.17";
const CRL_DISTRIBUTION_POINTS = "2.5.29.31";
const AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
const OCSP = "1.3.6.1.5.5.7.48.1";
const CA_ISSUERS = "1.3.6.1.5.5.7.48.2";

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Reads a certificate in DER. Throws a RangeError if it is not valid. */
export function readCertificate(der: Uint8Array): CertificateInfo {
  const outer = new Reader(der);
  const certificate = outer.enter(SEQUENCE);
  outer.end();
  const body = certificate.enter(SEQUENCE);
  const versionField = body.optional(contextTag(0, true));
  const version = versionField === undefined ? 1 : Number.parseInt(integerIn(versionField.contents), 16) + 1;
  const serialNumber = hexInteger(body.expect(INTEGER).contents);
  body.expect(SEQUENCE); // The algorithm of the signature.
  const issuer = distinguishedName(body.expect(SEQUENCE).contents);
  const validity = body.enter(SEQUENCE);
  const notBefore = timeText(validity.next());
  const notAfter = timeText(validity.next());
  const subject = distinguishedName(body.expect(SEQUENCE).contents);
  body.expect(SEQUENCE); // The public key.
  body.optional(contextTag(1, false)); // Identifiers of X.509 v2.
  body.optional(contextTag(2, false));
  const info: CertificateInfo = { subject, issuer, version, serialNumber, notBefore, notAfter };
  const extensions = body.optional(contextTag(3, true));
  body.end();
  if (extensions !== undefined) readExtensions(extensions.contents, info);
  return info;
}

function integerIn(contents: Uint8Array): string {
  return hexInteger(new Reader(contents).expect(INTEGER).contents);
}

/** Formats a time as OpenSSL's ASN1_TIME_print does. */
function timeText({ tag, contents }: Value): string {
  const text = String.fromCharCode(...contents);
  const digits = tag === GENERALIZED_TIME
    ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?Z$/
    : /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)()Z$/;
  const match = tag === UTC_TIME || tag === GENERALIZED_TIME ? digits.exec(text) : null;
  const month = MONTHS[Number(match?.[2]) - 1];
  if (match === null || month === undefined) throw new RangeError("a time that is none");
  const [, year, , day, hours, minutes, seconds, fraction = ""] = match;
  // A year of two digits is from 1950 to 2049.
  const full = year.length === 4 ? Number(year) : Number(year) + (Number(year) < 50 ? 2000 : 1900);
  return `${month} ${String(Number(day)).padStart(2)} ${hours}:${minutes}:${seconds}${fraction} ${full} GMT`;
}

function readExtensions(contents: Uint8Array, info: CertificateInfo): void {
  for (const extension of valuesIn(new Reader(contents).expect(SEQUENCE).contents)) {
    const fields = new Reader(extension.contents);
    const type = objectIdentifier(fields.expect(OBJECT_IDENTIFIER).contents);
    fields.optional(BOOLEAN); // Whether it is critical.
    const value = fields.expect(OCTET_STRING).contents;
    if (type === SUBJECT_ALT_NAME) {
      info.subjectAltName = valuesIn(new Reader(value).expect(SEQUENCE).contents).map(generalName);
    } else if (type === AUTHORITY_INFO_ACCESS) readAccess(value, info);
    else if (type === CRL_DISTRIBUTION_POINTS) {
      const uris = distributionPoints(value);
      if (uris.length > 0) info.crlDistributionPoints = uris;
    }
  }
}

const URI = contextTag(6, false);

function readAccess(value: Uint8Array, info: CertificateInfo): void {
  for (const description of valuesIn(new Reader(value).expect(SEQUENCE).contents)) {
    const fields = new Reader(description.contents);
    const method = objectIdentifier(fields.expect(OBJECT_IDENTIFIER).contents);
    const location = fields.next();
    if (location.tag !== URI) continue;
    const [, uri] = generalName(location) as [string, string];
    if (method === OCSP) (info.OCSP ??= []).push(uri);
    else if (method === CA_ISSUERS) (info.caIssuers ??= []).push(uri);
  }
}

/** Returns the URIs in the full names of the distribution points. */
function distributionPoints(value: Uint8Array): string[] {
  const uris: string[] = [];
  for (const point of valuesIn(new Reader(value).expect(SEQUENCE).contents)) {
    const name = new Reader(point.contents).optional(contextTag(0, true));
    const fullName = name && new Reader(name.contents).optional(contextTag(0, true));
    if (!fullName) continue;
    for (const location of valuesIn(fullName.contents)) {
      if (location.tag === URI) uris.push((generalName(location) as [string, string])[1]);
    }
  }
  return uris;
}
