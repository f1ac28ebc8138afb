// Certificates without a connection: DER, PEM, times. The contents are compared with python3's.

import assert from "node:assert/strict";
import { der, extension, oid } from "../examples/_certificate.ts";
import { readCertificate } from "../tls/certificate.ts";
import { hexInteger, objectIdentifier, Reader } from "../tls/der.ts";
import { certificatesIn, DER_cert_to_PEM_cert, PEM_cert_to_DER_cert } from "../tls/pem.ts";
import { cert_time_to_seconds } from "../tls/time.ts";
import { Authority, Files } from "./tls/authority.ts";
import { pythonTest } from "./_helpers.ts";

const text = (words: string) => new TextEncoder().encode(words);

/** The contents of a certificate file, from python3. */
function decoded(path: string): Record<string, unknown> {
  const source = "import ssl, json, sys; print(json.dumps(ssl._ssl._test_decode_cert(sys.argv[1]), default=list))";
  const { stdout, success } = new Deno.Command("python3", { args: ["-c", source, path] }).outputSync();
  assert.ok(success);
  return JSON.parse(new TextDecoder().decode(stdout));
}

pythonTest("getpeercert's dictionary is python3's", async () => {
  using files = new Files();
  const authority = await Authority.create();
  const uri = (address: string) => der(0x86, text(address));
  const access = (method: string, address: string) => der(0x30, oid(method), uri(address));
  const everyName = der(
    0x30,
    der(0xa0, oid("1.2.3.4"), der(0xa0, der(0x0c, text("other")))),
    der(0x81, text("mail@example.org")),
    der(0x82, text("*.example.org")),
    der(0x82, text("bücher.example".normalize())),
    uri("https://example.org/path"),
    der(0x87, [192, 0, 2, 1]),
    der(0x87, [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xab]),
    der(0x87, [1, 2, 3]),
    der(0x88, [0x2a, 3, 4, 5]),
    der(
      0xa4,
      der(
        0x30,
        der(
          0x31,
          der(0x30, oid("2.5.4.10"), der(0x13, text("Company"))),
          der(0x30, oid("2.5.4.99"), der(0x0c, text("zweite"))),
        ),
      ),
    ),
  );
  const statements = [
    {},
    { serial: new Uint8Array([0xff, 1, 2]) },
    { serial: new Uint8Array([0]) },
    { notBefore: new Date("1999-12-31T23:59:59Z"), notAfter: new Date("2050-01-01T00:00:00Z") },
    { version: 1 as const },
    {
      extensions: [
        extension("2.5.29.17", true, everyName),
        extension(
          "1.3.6.1.5.5.7.1.1",
          false,
          der(
            0x30,
            access("1.3.6.1.5.5.7.48.1", "http://ocsp.example"),
            access("1.3.6.1.5.5.7.48.2", "http://ca.example/a"),
            access("1.3.6.1.5.5.7.48.2", "http://ca.example/b"),
          ),
        ),
        extension(
          "2.5.29.31",
          false,
          der(0x30, der(0x30, der(0xa0, der(0xa0, uri("http://crl.example/1"), uri("ldap://crl.example"))))),
        ),
      ],
    },
  ];
  for (const statement of statements) {
    const { cert } = await authority.issue({ commonName: "Ünïcode ∑", ...statement });
    const [bytes] = certificatesIn(cert);
    const ours = JSON.parse(JSON.stringify(readCertificate(bytes)));
    assert.deepEqual(ours, decoded(files.write(cert)), JSON.stringify(statement));
  }
});

Deno.test("a certificate that is cut or changed at any place is an error", async () => {
  const authority = await Authority.create();
  const [bytes] = certificatesIn((await authority.issue()).cert);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => readCertificate(bytes.subarray(0, length)), RangeError);
  }
  assert.throws(() => readCertificate(new Uint8Array([...bytes, 0])), RangeError);
  // Changes each byte. The result is an error of this module or a certificate, and nothing else.
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] ^= 0x80;
    try {
      readCertificate(changed);
    } catch (error) {
      assert.ok(error instanceof RangeError || error instanceof TypeError, String(error));
    }
  }
});

Deno.test("DER has one encoding for each value", () => {
  const read = (...bytes: number[]) => new Reader(new Uint8Array(bytes)).next().contents.length;
  assert.equal(read(0x04, 1, 7), 1);
  assert.throws(() => read(0x04, 0x81, 1, 7), /more bytes than it needs/);
  assert.throws(() => read(0x04, 0x82, 0, 0x80, ...new Array(128).fill(0)), /more bytes than it needs/);
  assert.throws(() => read(0x30, 0x80, 0, 0), /a length that DER does not have/);
  assert.throws(() => read(0x04, 0x85, 0, 0, 0, 0, 1, 7), /a length that DER does not have/);
  assert.throws(() => read(0x1f, 0x81, 1, 0), /more than one byte/);
  assert.throws(() => read(0x04, 2, 7), /longer than/);
  assert.throws(() => objectIdentifier(new Uint8Array([0x2a, 0x80, 1])), RangeError);
  assert.throws(() => objectIdentifier(new Uint8Array([0x2a, 0x81])), RangeError);
  assert.equal(objectIdentifier(new Uint8Array([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d])), "1.2.840.113549");
  assert.equal(objectIdentifier(new Uint8Array([0x88, 0x37, 3])), "2.999.3");
  assert.equal(hexInteger(new Uint8Array([0x00, 0x80])), "80");
  assert.equal(hexInteger(new Uint8Array([0x80])), "-80");
  assert.equal(hexInteger(new Uint8Array([0xff, 0x00])), "-0100");
  assert.throws(() => hexInteger(new Uint8Array([0x00, 0x7f])), /more bytes than it needs/);
  assert.throws(() => hexInteger(new Uint8Array([0xff, 0x80])), /more bytes than it needs/);
});

Deno.test("conversion from PEM to DER and back changes nothing", async () => {
  const { cert } = await (await Authority.create()).issue();
  const bytes = PEM_cert_to_DER_cert(cert);
  assert.equal(DER_cert_to_PEM_cert(bytes), cert);
  assert.deepEqual(certificatesIn(`text\n${cert}more\n${cert}`), [bytes, bytes]);
  assert.deepEqual(certificatesIn("none"), []);
  assert.throws(() => PEM_cert_to_DER_cert("x" + cert), /must start with/);
  assert.throws(() => PEM_cert_to_DER_cert(cert + "x"), /must end with/);
  assert.throws(() => PEM_cert_to_DER_cert(cert.replace(/\n./, "\n!")), /not base64/);
});

Deno.test("cert_time_to_seconds reads the same times as strptime", () => {
  // The cases of CPython's test_cert_time_to_seconds.
  const good: [string, number][] = [
    ["May  9 00:00:00 2007 GMT", 1178668800],
    ["Jan  5 09:34:43 2018 GMT", 1515144883],
    ["Jan 05 09:34:43 2018 GMT", 1515144883],
    ["JaN  5 09:34:43 2018 GmT", 1515144883],
    ["Dec 31 23:59:60 2008 GMT", 1230768000],
    ["Jan  5 09:34:61 2018 GMT", 1515144901],
    ["Dec 31 23:59:59 9999 GMT", 253402300799],
    ["Feb 29 00:00:00 2024 GMT", 1709164800],
  ];
  for (const [time, seconds] of good) assert.equal(cert_time_to_seconds(time), seconds, time);
  const bad = [
    "Jan  5 09:34 2018 GMT",
    "Jan  5 09:34:43 2018",
    "Jan  5 09:34:43 2018 UTC",
    "Jan 35 09:34:43 2018 GMT",
    "Jon  5 09:34:43 2018 GMT",
    "Jan  5 24:00:00 2018 GMT",
    "Jan  5 09:60:43 2018 GMT",
    "Jan  5 09:34:62 2018 GMT",
    "Feb 29 00:00:00 2023 GMT",
    "Jan  0 00:00:00 2023 GMT",
  ];
  for (const time of bad) assert.throws(() => cert_time_to_seconds(time), RangeError, time);
});
