// Makes certificates: X.509 written as DER, signed by Web Crypto. It needs no package and no program.

/** A value in DER: a tag, a length and the contents. */
export function der(tag: number, ...contents: (Uint8Array | number[])[]): Uint8Array<ArrayBuffer> {
  const body = contents.flatMap((part) => [...part]);
  const length = body.length < 0x80 ? [body.length] : bytesOfNumber(body.length);
  return new Uint8Array([
    tag,
    ...(length.length > 1 || body.length >= 0x80 ? [0x80 | length.length] : []),
    ...length,
    ...body,
  ]);
}

function bytesOfNumber(number: number): number[] {
  const bytes: number[] = [];
  for (; number > 0; number = Math.floor(number / 256)) bytes.unshift(number % 256);
  return bytes;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const UTC_TIME = 0x17;

/** An object identifier. */
export function oid(text: string): Uint8Array {
  const [first, second, ...rest] = text.split(".").map(Number);
  const base128 = (number: number) => {
    const groups = [number & 0x7f];
    for (number >>= 7; number > 0; number >>= 7) groups.unshift((number & 0x7f) | 0x80);
    return groups;
  };
  return der(OBJECT_IDENTIFIER, [first * 40 + second, ...rest.flatMap(base128)]);
}

/** A positive integer. */
function integer(bytes: Uint8Array | number[]): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const significant = bytes.slice(start);
  return der(INTEGER, significant[0] >= 0x80 ? [0, ...significant] : significant);
}

/** A name with a common name. */
function name(commonName: string): Uint8Array {
  const attribute = der(SEQUENCE, oid("2.5.4.3"), der(UTF8_STRING, new TextEncoder().encode(commonName)));
  return der(SEQUENCE, der(SET, attribute));
}

function time(date: Date): Uint8Array {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, "");
  // RFC 5280: the year has two digits up to 2049.
  return date.getUTCFullYear() < 2050
    ? der(UTC_TIME, new TextEncoder().encode(text.slice(2)))
    : der(GENERALIZED_TIME, new TextEncoder().encode(text));
}

/** An extension of a certificate. */
export function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return der(SEQUENCE, oid(id), critical ? [0x01, 0x01, 0xff] : [], der(OCTET_STRING, value));
}

/** The names that a certificate is for: host names, and IPv4 or IPv6 addresses. */
export function alternativeNames(names: string[]): Uint8Array {
  const entries = names.map((text) => {
    if (/^[\d.]+$/.test(text)) return der(0x87, text.split(".").map(Number));
    if (text.includes(":")) return der(0x87, ipv6(text));
    return der(0x82, new TextEncoder().encode(text));
  });
  return extension("2.5.29.17", false, der(SEQUENCE, ...entries));
}

function ipv6(text: string): number[] {
  const [head, tail = ""] = text.split("::");
  const groups = (part: string) => part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail)];
  const all = [...first, ...new Array(8 - first.length - last.length).fill(0), ...last];
  return all.flatMap((group) => [group >> 8, group & 0xff]);
}

/** The usages of a key, by the numbers of RFC 5280's bits. */
export function keyUsage(...bits: number[]): Uint8Array {
  const mask = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  const unused = Math.clz32(mask & -mask) === 32 ? 0 : 31 - Math.clz32(mask & -mask);
  return extension("2.5.29.15", true, der(BIT_STRING, [unused, mask]));
}

/** Whether a certificate is an authority's. */
export function basicConstraints(authority: boolean): Uint8Array {
  return extension("2.5.29.19", true, der(SEQUENCE, authority ? [0x01, 0x01, 0xff] : []));
}

/** A key pair, and the names of its owner. */
export interface Owner {
  commonName: string;
  keys: CryptoKeyPair;
}

/** The contents of a certificate. */
export interface Statement {
  subject: Owner;
  issuer: Owner;
  extensions: Uint8Array[];
  notBefore?: Date;
  notAfter?: Date;
  /** 3 unless it is to be an old one, without extensions. */
  version?: 1 | 3;
  serial?: Uint8Array;
  /** Whether it names its own key and its issuer's, as it should. */
  identifiers?: boolean;
}

const ECDSA_WITH_SHA256 = der(SEQUENCE, oid("1.2.840.10045.4.3.2"));
const DAY = 86_400_000;

/** A new key pair. */
export async function owner(commonName: string): Promise<Owner> {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  return { commonName, keys };
}

async function publicKey({ keys }: Owner): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey));
}

/** The identifier of a key: the hash of its bits, without the algorithm before them. */
async function keyIdentifier(of: Owner): Promise<Uint8Array> {
  const raw = await crypto.subtle.exportKey("raw", of.keys.publicKey);
  return new Uint8Array(await crypto.subtle.digest("SHA-1", raw));
}

/** Makes a certificate, in DER. */
export async function certificate(statement: Statement): Promise<Uint8Array<ArrayBuffer>> {
  const { subject, issuer, version = 3, extensions } = statement;
  const { notBefore = new Date(Date.now() - DAY), notAfter = new Date(Date.now() + 30 * DAY) } = statement;
  const serial = statement.serial ?? crypto.getRandomValues(new Uint8Array(12));
  const identifiers = statement.identifiers === false ? [] : [
    extension("2.5.29.14", false, der(OCTET_STRING, await keyIdentifier(subject))),
    extension("2.5.29.35", false, der(SEQUENCE, der(0x80, await keyIdentifier(issuer)))),
  ];
  const body = der(
    SEQUENCE,
    version === 3 ? der(0xa0, integer([2])) : [],
    integer(serial),
    ECDSA_WITH_SHA256,
    name(issuer.commonName),
    der(SEQUENCE, time(notBefore), time(notAfter)),
    name(subject.commonName),
    await publicKey(subject),
    version === 3 ? der(0xa3, der(SEQUENCE, ...extensions, ...identifiers)) : [],
  );
  return await signed(body, issuer);
}

/** Signs the body of a certificate. */
export async function signed(body: Uint8Array<ArrayBuffer>, issuer: Owner): Promise<Uint8Array<ArrayBuffer>> {
  const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, issuer.keys.privateKey, body);
  const signature = der(SEQUENCE, integer(new Uint8Array(raw, 0, 32)), integer(new Uint8Array(raw, 32, 32)));
  return der(SEQUENCE, body, ECDSA_WITH_SHA256, der(BIT_STRING, [0], signature));
}

/** PEM: base64 between two lines. */
export function pem(label: string, bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return [`-----BEGIN ${label}-----`, ...base64.match(/.{1,64}/g)!, `-----END ${label}-----`, ""].join("\n");
}

/** A private key in PEM. */
export async function privateKeyPem({ keys }: Owner): Promise<string> {
  return pem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey)));
}

/** A self-signed certificate for some names, and its key, both in PEM: clients trust the certificate itself. */
export async function selfSigned(names: string[]): Promise<{ cert: string; key: string }> {
  const self = await owner(names[0]);
  const extensions = [alternativeNames(names), basicConstraints(false), keyUsage(0)];
  const cert = pem("CERTIFICATE", await certificate({ subject: self, issuer: self, extensions }));
  return { cert, key: await privateKeyPem(self) };
}
