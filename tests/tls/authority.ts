// Certificates for the tests, good ones and bad ones.

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

/** A certificate with its key, in PEM. */
export interface Identity {
  cert: string;
  key: string;
}

/** What is unusual about a certificate. */
export interface Unusual extends Partial<Omit<Statement, "subject" | "issuer">> {
  commonName?: string;
  /** Names in subjectAltName; null leaves the extension out. */
  names?: string[] | null;
  /** A client's, by its extended key usage. */
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

  /** A new authority, with a certificate signed by itself. */
  static async create(commonName = "Test authority"): Promise<Authority> {
    const own = await owner(commonName);
    // keyUsage: keyCertSign and cRLSign. Without it strict checks refuse an authority.
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

  /** A certificate like `issue`'s that is signed well, but whose version is a number of two bytes: 00 02. DER has one. */
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

  /** An authority below this one: what it signs is presented with its certificate. */
  async below(extensions: Uint8Array[], commonName = "Test authority below"): Promise<Authority> {
    const own = await owner(commonName);
    const cert = pem("CERTIFICATE", await certificate({ subject: own, issuer: this.#owner, extensions }));
    return new Authority(cert, own);
  }
}

/** A certificate signed by itself. */
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

/** Files in a directory of their own, for the programs that take paths. It goes with `using`. */
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
