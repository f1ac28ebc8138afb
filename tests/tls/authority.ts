// Certificates for the tests, valid and invalid ones.

import {
  alternativeNames,
  basicConstraints,
  certificate,
  der,
  extension,
  keyUsage,
  oid,
  owner,
  pem,
  privateKeyPem,
  signed,
} from "../../examples/_certificate.ts";
import type { Owner, Statement } from "../../examples/_certificate.ts";
import { Reader } from "../../tls/der.ts";
import { certificatesIn } from "../../tls/pem.ts";

const DAY = 86_400_000;

/** A certificate and its key, in PEM. */
export interface Identity {
  cert: string;
  key: string;
}

/** How a certificate differs from the usual one. */
export interface Unusual extends Partial<Omit<Statement, "subject" | "issuer">> {
  commonName?: string;
  /** Names in subjectAltName. With null there is no such extension. */
  names?: string[] | null;
  /** Whether its extended key usage is that of a client. */
  client?: boolean;
}

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/** An authority that signs certificates. */
export class Authority {
  readonly cert: string;
  readonly #owner: Owner;

  private constructor(cert: string, own: Owner) {
    this.cert = cert;
    this.#owner = own;
  }

  /** Makes an authority with a self-signed certificate. */
  static async create(commonName = "Test authority"): Promise<Authority> {
    const own = await owner(commonName);
    // keyUsage with keyCertSign and cRLSign. Strict checks refuse an authority without it.
    const extensions = [basicConstraints(true), keyUsage(5, 6)];
    const cert = pem("CERTIFICATE", await certificate({ subject: own, issuer: own, extensions }));
    return new Authority(cert, own);
  }

  /** Signs a certificate for localhost, or an unusual one. */
  async issue(unusual: Unusual = {}): Promise<Identity> {
    const { commonName = "localhost", names = ["localhost", "127.0.0.1", "::1"], client = false, ...rest } = unusual;
    const subject = await owner(commonName);
    const extensions = [
      ...(names === null ? [] : [alternativeNames(names)]),
      basicConstraints(false),
      keyUsage(0),
      extension("2.5.29.37", false, der(0x30, oid(client ? CLIENT_AUTH : SERVER_AUTH))),
    ];
    const bytes = await certificate({ subject, issuer: this.#owner, extensions, ...rest });
    return { cert: pem("CERTIFICATE", bytes), key: await privateKeyPem(subject) };
  }

  /** Issues a certificate with a valid signature whose version is encoded in two bytes, 00 02. DER allows only one. */
  async misencoded(): Promise<Identity> {
    const { cert, key } = await this.issue();
    const [bytes] = certificatesIn(cert);
    const body = new Reader(bytes).enter(0x30).enter(0x30);
    body.expect(0xa0);
    const rest = [];
    while (!body.done) rest.push(body.next().encoding);
    const version = der(0xa0, [0x02, 0x02, 0x00, 0x02]);
    return { cert: pem("CERTIFICATE", await signed(der(0x30, version, ...rest), this.#owner)), key };
  }

  /** Makes an authority whose certificate this one signs. What it issues comes with that certificate. */
  async below(extensions: Uint8Array[], commonName = "Test authority below"): Promise<Authority> {
    const own = await owner(commonName);
    const cert = pem("CERTIFICATE", await certificate({ subject: own, issuer: this.#owner, extensions }));
    return new Authority(cert, own);
  }
}

/** Makes a self-signed certificate. */
export async function selfSignedBy(extensions: Uint8Array[], names = ["localhost"]): Promise<Identity> {
  const own = await owner("localhost");
  const all = [alternativeNames(names), ...extensions];
  const bytes = await certificate({ subject: own, issuer: own, extensions: all });
  return { cert: pem("CERTIFICATE", bytes), key: await privateKeyPem(own) };
}

/** Days from now. */
export function days(count: number): Date {
  return new Date(Date.now() + count * DAY);
}

/** Files in a temporary directory, for programs that take paths. It is removed when it is disposed of. */
export class Files implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "berkeley_tls_" });
  #count = 0;

  /** Writes a file, and returns its path. */
  write(text: string): string {
    const path = `${this.#folder}/${this.#count++}.pem`;
    Deno.writeTextFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}
