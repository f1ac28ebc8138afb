// Link-local IPv6 addresses, which are unique only together with an interface: the scope id is passed in and returned.

import assert from "node:assert/strict";
import * as deno from "../mod.ts";
import { BACKENDS } from "./_backends.ts";

const own = Deno.networkInterfaces().find(({ address }) => /^fe[89ab]/.test(address));

for (const { name, module: m } of BACKENDS) {
  for (const [kind, type] of [["stream", deno.SOCK_STREAM], ["datagram", deno.SOCK_DGRAM]] as const) {
    const why = own === undefined ? " (skipped: no interface has a link-local address)" : "";
    Deno.test({
      name: `${name}: ${kind}: a link-local address keeps its scope${why}`,
      ignore: own === undefined,
      async fn() {
        using server = m.socket(m.AF_INET6, type);
        using client = m.socket(m.AF_INET6, type);
        for (const sock of [server, client]) sock.settimeout(10);
        server.bind([own!.address, 0, 0, own!.scopeid!]);
        const address = server.getsockname();
        assert.equal(address[3], own!.scopeid);
        if (type === m.SOCK_STREAM) server.listen();
        else client.bind([own!.address, 0, 0, own!.scopeid!]);
        await client.connect(address as deno.AddressLike);
        assert.deepEqual(client.getpeername(), address);
        if (type === m.SOCK_STREAM) {
          const [conn, peer] = await server.accept();
          assert.deepEqual(peer, client.getsockname());
          conn.close();
        } else {
          await client.send("hello");
          const [, sender] = await server.recvfrom(16);
          assert.deepEqual(sender, client.getsockname());
        }
      },
    });
  }
}
