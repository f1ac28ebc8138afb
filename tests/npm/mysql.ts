// mysql2 against MariaDB: over TCP, and over a Unix socket.

import assert from "node:assert/strict";
import { once } from "node:events";
import { find, startMariaDb } from "./_servers.ts";
import { dial, load, onEachBackend, within } from "./_streams.ts";

const mysql = load("mysql2/promise");
const program = find("mariadbd");

onEachBackend(
  "mysql2: queries, prepared statements, many rows, an error",
  async (m) => {
    await using service = await startMariaDb(program!);
    for (const to of [service.port, service.path]) {
      const stream = await dial(m, to);
      const account = { user: "tester", password: "secret", database: "trial" };
      const db = await within(
        mysql.createConnection({ stream, ...account }) as Promise<any>,
      );
      const [[row]] = await within(
        db.query("SELECT 41 + 1 AS sum, ? AS text", ["世界"]) as Promise<any>,
      );
      assert.deepEqual({ ...row }, { sum: 42, text: "世界" });
      await within(
        db.query("CREATE TABLE IF NOT EXISTS t (i INT, x VARCHAR(100))"),
      );
      await within(db.query("DELETE FROM t"));
      const values = Array.from(
        { length: 10_000 },
        (_, i) => [i, "x".repeat(100)],
      );
      await within(db.query("INSERT INTO t VALUES ?", [values]));
      const [rows] = await within(
        db.execute("SELECT * FROM t WHERE i >= ? ORDER BY i", [5]) as Promise<
          any
        >,
      );
      assert.equal(rows.length, 9995);
      await assert.rejects(within(db.query("SELECT nonsense")), {
        code: "ER_BAD_FIELD_ERROR",
      });
      const closed = stream.destroyed ? undefined : once(stream, "close");
      await within(db.end());
      await within(Promise.resolve(closed));
    }
  },
  { ignore: program === undefined },
);
