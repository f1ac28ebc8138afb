// nodemailer and smtp-server, in the clear and with STARTTLS.

import assert from "node:assert/strict";
import { cert, key } from "./_certificate.ts";
import { dial, load, onEachBackend, StreamServer, within } from "./_streams.ts";

const nodemailer = load("nodemailer");
const { SMTPServer } = load("smtp-server");

for (const encrypted of [false, true]) {
  onEachBackend(
    `nodemailer and smtp-server${encrypted ? " with STARTTLS" : ""}: a letter arrives`,
    async (m) => {
      const letters: { text: string; secure: boolean; to: string[] }[] = [];
      const server = new SMTPServer({
        key,
        cert,
        authOptional: true,
        disabledCommands: encrypted ? [] : ["STARTTLS"],
        onData(stream: any, session: any, callback: () => void) {
          let text = "";
          stream.setEncoding("utf8");
          stream.on("data", (part: string) => text += part);
          stream.on("end", () => {
            letters.push({
              text,
              secure: session.secure,
              to: session.envelope.rcptTo.map((one: any) => one.address),
            });
            callback();
          });
        },
      });
      server.on("error", () => {});
      await using streams = new StreamServer(
        m,
        (stream) => server.connect(stream),
      );
      const transport = nodemailer.createTransport({
        connection: await dial(m, streams.port),
        host: "localhost",
        requireTLS: encrypted,
        ignoreTLS: !encrypted,
        tls: { ca: cert, servername: "localhost" },
      });
      const body = `hello 世界\n${"a long line ".repeat(10_000)}`;
      await within(transport.sendMail({
        from: "sender@sockets.test",
        to: "receiver@sockets.test",
        subject: "over a socket",
        text: body,
        textEncoding: "base64",
      }));
      transport.close();
      assert.equal(letters.length, 1);
      assert.equal(letters[0].secure, encrypted);
      assert.deepEqual(letters[0].to, ["receiver@sockets.test"]);
      assert.match(letters[0].text, /^Subject: over a socket\r$/m);
      const encoded = letters[0].text.split("\r\n\r\n")[1].replaceAll(
        "\r\n",
        "",
      );
      const decoded = new TextDecoder().decode(Uint8Array.fromBase64(encoded));
      assert.equal(decoded.trim().replaceAll("\r\n", "\n"), body.trim());
    },
  );
}
