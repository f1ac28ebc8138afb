// The same server over Deno.listenTls.

const [cert, key] = Deno.args.map((path) => Deno.readTextFileSync(path));
const server = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
console.log(server.addr.port);
for await (const conn of server) talk(conn).catch(() => {}).finally(() => conn.close());

async function talk(conn: Deno.TlsConn): Promise<void> {
  const buffer = new Uint8Array(65536);
  await conn.read(buffer.subarray(0, 1));
  const [mode] = buffer;
  if (mode === 0x64) { for (;;) await writeAll(conn, buffer); }
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) return;
    if (mode === 0x65) await writeAll(conn, buffer.subarray(0, count));
  }
}

async function writeAll(conn: Deno.TlsConn, data: Uint8Array): Promise<void> {
  while (data.length > 0) data = data.subarray(await conn.write(data));
}
