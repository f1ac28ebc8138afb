// The permissions that TLS needs. Everything else is denied.

import assert from "node:assert/strict";
import { Program } from "./_helpers.ts";
import { Authority, Files } from "./tls/authority.ts";

const authority = await Authority.create();
const identity = await authority.issue();

/** Runs a program text with some permissions, and returns what it prints. */
async function run(flags: string[], source: string): Promise<string> {
  const args = ["run", "--no-prompt", "--no-lock", "--no-check", "--unstable-net", ...flags, "--ext=js", "-"];
  await using program = new Program(Deno.execPath(), args);
  const module = (name: string) => JSON.stringify(import.meta.resolve(`../${name}`));
  await program.write(`
    import * as denoSocket from ${module("mod.ts")};
    import * as denoSsl from ${module("ssl.ts")};
    import * as nativeSocket from ${module("native.ts")};
    import * as nativeSsl from ${module("native/ssl.ts")};
    const modules = (name) => name === "default" ? [denoSocket, denoSsl] : [nativeSocket, nativeSsl];
    const identity = ${JSON.stringify(identity)};
    const ca = ${JSON.stringify(authority.cert)};
    const told = async (f) => { try { console.log(await f() ?? "done"); } catch (e) { console.log(e.name); } };
    async function echo(name) {
      const [socket, ssl] = modules(name);
      const server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH);
      server.load_cert_chain(identity.cert, identity.key);
      const listener = await server.wrap_socket(socket.create_server(["127.0.0.1", 0]), { server_side: true });
      const client = ssl.create_default_context({ cadata: ca });
      if (name === "default") client.load_default_certs();
      const [near, [far]] = await Promise.all([
        socket.create_connection(listener.getsockname()).then((sock) => client.wrap_socket(sock, { server_hostname: "localhost" })),
        listener.accept(),
      ]);
      await near.sendall("hello");
      const text = new TextDecoder().decode(await far.recv(5));
      for (const sock of [near, far, listener]) sock.close();
      return text;
    }
    ${source}`);
  const { stdout, stderr, code } = await program.end();
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

const LIBRARIES = ["libc", "libssl", "libcrypto"].map((name) =>
  `/usr/lib/x86_64-linux-gnu/${name}.so.${name === "libc" ? 6 : 3}`
);

Deno.test("default: TLS needs the connection's permission and no other", async () => {
  assert.equal(await run(["--allow-net=127.0.0.1"], `await told(() => echo("default"));`), "hello");
  assert.equal(await run([], `await told(() => echo("default"));`), "NotCapable");
});

Deno.test("native: TLS needs the connection's permission and the libraries", async () => {
  assert.equal(await run(["--allow-net=127.0.0.1", "--allow-ffi"], `await told(() => echo("native"));`), "hello");
  assert.equal(await run(["--allow-net=127.0.0.1"], `await told(() => echo("native"));`), "NotCapable");
});

Deno.test("native: permission for the paths of the three libraries is enough, except for callbacks", async () => {
  for (const path of LIBRARIES) {
    try {
      Deno.statSync(path);
    } catch {
      return console.log("the libraries lie elsewhere on this system: not tested");
    }
  }
  const libc = "/lib/x86_64-linux-gnu/libc.so.6";
  const flags = ["--allow-net=127.0.0.1", `--allow-ffi=${[libc, ...LIBRARIES].join(",")}`];
  assert.equal(await run(flags, `await told(() => echo("native"));`), "hello");
});

Deno.test("files need the permission to read them, and PEM text does not", async () => {
  using files = new Files();
  const [cert, key, ca] = [identity.cert, identity.key, authority.cert].map((text) => files.write(text));
  for (const [name, flags] of [["default", []], ["native", ["--allow-ffi"]]] as const) {
    const source = `
      const [, ssl] = modules(${JSON.stringify(name)});
      const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
      await told(() => context.load_cert_chain(${JSON.stringify(cert)}, ${JSON.stringify(key)}));
      await told(() => context.load_verify_locations(${JSON.stringify(ca)}));
      await told(() => context.load_verify_locations({ cafile: ca }));
      await told(() => context.load_verify_locations("/nonexistent"));`;
    assert.equal(await run([...flags], source), "NotCapable\nNotCapable\ndone\nNotCapable", name);
    const read = `--allow-read=${cert},${key},${ca},/nonexistent`;
    assert.equal(await run([...flags, read], source), "done\ndone\ndone\nFileNotFoundError", name);
  }
});

Deno.test("native: a directory of certificates needs the permission to read it", async () => {
  const source = `
    const [, ssl] = modules("native");
    const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
    await told(() => context.load_verify_locations({ capath: "/etc" }));`;
  assert.equal(await run(["--allow-ffi"], source), "NotCapable");
  assert.equal(await run(["--allow-ffi", "--allow-read=/etc"], source), "done");
});

Deno.test("native: SSL_CERT_FILE is used if the environment may be read", async () => {
  using files = new Files();
  const ca = files.write(authority.cert);
  const source = `
    const [, ssl] = modules("native");
    const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
    await told(() => { context.load_default_certs(); return context.cert_store_stats().x509; });`;
  Deno.env.set("SSL_CERT_FILE", ca);
  try {
    assert.equal(await run(["--allow-ffi", "--allow-env=SSL_CERT_FILE", `--allow-read=${ca}`], source), "1");
    assert.equal(await run(["--allow-ffi", "--allow-env=SSL_CERT_FILE"], source), "NotCapable");
    assert.notEqual(await run(["--allow-ffi"], source), "1");
  } finally {
    Deno.env.delete("SSL_CERT_FILE");
  }
});
