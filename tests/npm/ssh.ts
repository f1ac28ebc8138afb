// ssh2, as client and as server.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { dial, load, onEachBackend, StreamServer, within } from "./_streams.ts";

const { Client, Server } = load("ssh2");

onEachBackend(
  "ssh2: a command runs, its input goes in and its output comes out",
  async (m) => {
    // ssh2's own generateKeyPairSync makes a key that ssh2 cannot parse in about one of some hundred cases.
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    const server = new Server({ hostKeys: [privateKey] }, (client: any) => {
      client.on("error", () => {});
      client.on("authentication", (attempt: any) => {
        if (attempt.method === "password" && attempt.password === "secret") {
          attempt.accept();
        } else attempt.reject(["password"]);
      });
      client.on("ready", () => {
        client.on("session", (accept: () => any) => {
          accept().on(
            "exec",
            (
              accept: () => any,
              _: unknown,
              { command }: { command: string },
            ) => {
              const channel = accept();
              channel.write(`running ${command}: `);
              channel.pipe(channel, { end: false });
              channel.on("end", () => {
                channel.exit(7);
                channel.end();
              });
            },
          );
        });
      });
    });
    await using streams = new StreamServer(
      m,
      (stream) => server.injectSocket(stream),
    );

    const client = new Client();
    const sock = await dial(m, streams.port);
    client.connect({ sock, username: "user", password: "secret" });
    await within(once(client, "ready"));
    const channel: any = await within(
      new Promise((resolve, reject) => {
        client.exec(
          "copy",
          (error: unknown, channel: unknown) => error ? reject(error) : resolve(channel),
        );
      }),
    );
    const input = "0123456789".repeat(100_000);
    const exited = once(channel, "exit");
    channel.end(input);
    let output = "";
    channel.setEncoding("utf8");
    for await (const chunk of channel) output += chunk;
    assert.equal(output, `running copy: ${input}`);
    assert.equal((await within(exited))[0], 7);
    const closed = once(client, "close");
    client.end();
    await within(closed);
  },
);
