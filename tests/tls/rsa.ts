// What the tests of finite-field Diffie-Hellman and of RSA need: parameters, and a certificate that openssl makes.

import assert from "node:assert/strict";
import type { Files } from "./authority.ts";

export const DH_PARAMS = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`;

/** Makes a self-signed certificate with an RSA key. Returns the paths of both. */
export async function rsaIdentity(files: Files, commonName: string): Promise<[cert: string, key: string]> {
  const [cert, key] = [files.write(""), files.write("")];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2"];
  args.push("-subj", `/CN=${commonName}`);
  args.push("-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE");
  const { success } = await new Deno.Command("openssl", { args, stdout: "null", stderr: "null" }).output();
  assert.ok(success);
  return [cert, key];
}
