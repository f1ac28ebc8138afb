// The same server over node:tls.
import { readFileSync } from "node:fs";
import { createServer } from "node:tls";

const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path));
const piece = Buffer.alloc(65536);

const server = createServer({ cert, key }, (conn) => {
  let mode = "";
  conn.on("error", () => conn.destroy());
  const pour = () => {
    while (conn.write(piece));
  };
  conn.on("data", (data) => {
    if (mode === "") {
      mode = String.fromCharCode(data[0]);
      data = data.subarray(1);
      if (mode === "d") {
        conn.on("drain", pour);
        pour();
      }
    }
    if (mode === "e" && data.length > 0) conn.write(data);
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
