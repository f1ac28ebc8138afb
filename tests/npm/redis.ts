// ioredis against Redis: over TCP, and over a Unix socket.

import assert from "node:assert/strict";
import { once } from "node:events";
import { find, startRedis } from "./_servers.ts";
import { dial, load, onEachBackend, within } from "./_streams.ts";

const { Redis, AbstractConnector } = load("ioredis");
const program = find("redis-server");

onEachBackend(
  "ioredis: values, a pipeline, and what is published",
  async (m) => {
    await using service = await startRedis(program!);
    for (const to of [service.port, service.path]) {
      class Connector extends AbstractConnector {
        async connect() {
          return this.stream = await dial(m, to);
        }
      }
      const open = () =>
        new Redis({
          Connector,
          disconnectTimeout: 2000,
          retryStrategy: null,
          lazyConnect: true,
        });
      const [redis, listener] = [open(), open()];
      await within(Promise.all([redis.connect(), listener.connect()]));
      const big = "世界".repeat(100_000);
      assert.equal(await within(redis.set("key", big)), "OK");
      assert.equal(await within(redis.get("key")), big);
      const pipeline = redis.pipeline();
      for (let i = 0; i < 1000; i++) pipeline.incr("counter");
      assert.equal(
        (await within(pipeline.exec() as Promise<any[]>)).length,
        1000,
      );
      assert.equal(await within(redis.getdel("counter")), "1000");
      await within(listener.subscribe("news"));
      const heard = once(listener, "message");
      await within(redis.publish("news", "hello"));
      assert.deepEqual(await within(heard), ["news", "hello"]);
      const closed = [once(redis, "end"), once(listener, "end")];
      await within(Promise.all([redis.quit(), listener.quit()]));
      await within(Promise.all(closed));
    }
    // Its parser keeps a buffer for all connections, and an interval timer that shrinks it.
  },
  {
    ignore: program === undefined,
    sanitizeOps: false,
    sanitizeResources: false,
  },
);
