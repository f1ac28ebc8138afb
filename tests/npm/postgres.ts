// pg against PostgreSQL: over TCP, and over a Unix socket.

import assert from "node:assert/strict";
import { once } from "node:events";
import { find, startPostgres } from "./_servers.ts";
import { dial, load, onEachBackend, within } from "./_streams.ts";

const { Client } = load("pg");
/** Debian installs the server outside of PATH, in a folder for each version. */
const versions = (() => {
  try {
    return Array.from(
      Deno.readDirSync("/usr/lib/postgresql"),
      ({ name }) => `/usr/lib/postgresql/${name}/bin`,
    );
  } catch {
    return [];
  }
})();
const program = find("postgres", ...versions);

onEachBackend(
  "pg: queries, parameters, many rows, an error, a notification",
  async (m) => {
    await using service = await startPostgres(program!);
    for (const to of [service.port, service.path]) {
      const stream = await dial(m, to);
      const client = new Client({
        stream: () => stream,
        user: "tester",
        database: "postgres",
        password: "",
      });
      await within(client.connect());
      const { rows } = await within(
        client.query("SELECT $1::int + 1 AS sum, $2::text AS text", [
          41,
          "世界",
        ]) as Promise<any>,
      );
      assert.deepEqual(rows, [{ sum: 42, text: "世界" }]);
      const many: any = await within(
        client.query(
          "SELECT i, repeat('x', 100) AS x FROM generate_series(1, 20000) AS i",
        ),
      );
      assert.equal(many.rowCount, 20000);
      assert.equal(many.rows.at(-1).i, 20000);
      await assert.rejects(within(client.query("SELECT 1/0")), {
        code: "22012",
      });
      await within(client.query("LISTEN news"));
      const heard = once(client, "notification");
      await within(client.query("NOTIFY news, 'hello'"));
      assert.equal((await within(heard))[0].payload, "hello");
      await within(client.end());
      if (!stream.destroyed) await within(once(stream, "close"));
    }
  },
  { ignore: program === undefined },
);
