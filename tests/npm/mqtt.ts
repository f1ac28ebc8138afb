// mqtt, with aedes as the broker.

import assert from "node:assert/strict";
import { once } from "node:events";
import { dial, load, onEachBackend, StreamServer, within } from "./_streams.ts";

const { MqttClient } = load("mqtt");
const Aedes = load("aedes");

onEachBackend("mqtt: what one client publishes another receives", async (m) => {
  const broker = new Aedes();
  await using streams = new StreamServer(m, broker.handle);
  const clients: any[] = [];
  for (const clientId of ["reader", "writer"]) {
    const stream = await dial(m, streams.port);
    const client = new MqttClient(() => stream, {
      clientId,
      reconnectPeriod: 0,
      keepalive: 60,
      protocolVersion: 4,
    });
    await within(once(client, "connect"));
    clients.push(client);
  }
  const [reader, writer] = clients;
  await within(reader.subscribeAsync("news/#", { qos: 1 }));
  for (const text of ["first", "世界,你好"]) {
    const heard = once(reader, "message");
    await within(writer.publishAsync("news/today", text, { qos: 1 }));
    const [topic, payload] = await within(heard);
    assert.deepEqual([topic, String(payload)], ["news/today", text]);
  }
  for (const client of clients) await within(client.endAsync());
  await within(new Promise<void>((resolve) => broker.close(resolve)));
});
