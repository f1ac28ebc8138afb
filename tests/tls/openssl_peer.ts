// openssl's s_server and s_client as peers.

type Chunks = Uint8Array<ArrayBuffer>[];

async function joined(chunks: Chunks): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

async function all(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
  return await joined(await Array.fromAsync(stream));
}

/** A process of openssl. Its input is sent to the peer. */
export class Openssl implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #errors: Promise<Uint8Array<ArrayBuffer>>;
  readonly #printed: Uint8Array<ArrayBuffer>[] = [];
  readonly #done: Promise<void>;
  #nextOutput = Promise.withResolvers<void>();

  constructor(args: string[]) {
    this.#child = new Deno.Command("openssl", { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#errors = all(this.#child.stderr);
    this.#done = this.#read();
  }

  async #read(): Promise<void> {
    for await (const chunk of this.#child.stdout) {
      this.#printed.push(chunk);
      this.#nextOutput.resolve();
      this.#nextOutput = Promise.withResolvers();
    }
    this.#nextOutput.resolve();
  }

  /** Starts a server for one connection. Returns it and its port. `args` are options of s_server. */
  static async serve(...args: string[]): Promise<{ openssl: Openssl; port: number }> {
    const openssl = new Openssl(["s_server", "-accept", "127.0.0.1:0", "-naccept", "1", ...args]);
    const [, port] = await openssl.until(/ACCEPT .*:(\d+)\n/);
    return { openssl, port: Number(port) };
  }

  /** Starts a client. `args` are options of s_client. */
  static connect(port: number, ...args: string[]): Openssl {
    return new Openssl(["s_client", "-connect", `127.0.0.1:${port}`, ...args]);
  }

  /** Waits until it has printed a match. Later calls search only after that match. */
  async until(wanted: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const nextOutput = this.#nextOutput.promise;
      const match = wanted.exec(new TextDecoder("latin1").decode(await joined(this.#printed)));
      if (match === null) {
        await nextOutput;
        continue;
      }
      this.#printed.length = 0;
      return match;
    }
  }

  /** Writes to its input. */
  async write(data: Uint8Array | string): Promise<void> {
    await this.#input.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
  }

  /** Waits for its end. Returns its output. */
  async end(): Promise<Uint8Array<ArrayBuffer>> {
    await this.#done;
    try {
      await this.#input.close();
    } catch {
      // The process has ended, or its input is closed.
    }
    await this.#child.status;
    await this.#errors;
    return await joined(this.#printed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.end();
  }
}
