// A self-signed certificate for localhost, which openssl makes for each run.

const directory = Deno.makeTempDirSync({ prefix: "berkeley_" });
const made = new Deno.Command("openssl", {
  args: [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
      .split(" "),
    ..."-addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE"
      .split(" "),
    ...["-keyout", `${directory}/key.pem`, "-out", `${directory}/cert.pem`],
  ],
}).outputSync();
if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));

/** The private key as PEM. */
export const key: string = Deno.readTextFileSync(`${directory}/key.pem`);
/** The certificate as PEM. */
export const cert: string = Deno.readTextFileSync(`${directory}/cert.pem`);

Deno.removeSync(directory, { recursive: true });
