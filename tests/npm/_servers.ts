// Databases for the tests of their drivers. Each runs in its own directory, on the loopback interface.

import { freePort } from "../_examples.ts";

/** A running server. */
export interface Service extends AsyncDisposable {
  readonly port: number;
  /** The path of its Unix socket. */
  readonly path: string;
}

const inCi = Deno.env.get("CI") === "true";

/** The path of a program, or undefined. Without it, its tests are skipped with a line that says so, except in CI. */
export function find(
  program: string,
  ...elsewhere: string[]
): string | undefined {
  const folders = [
    ...elsewhere,
    ...(Deno.env.get("PATH") ?? "").split(":"),
    "/usr/sbin",
  ];
  for (const folder of folders) {
    try {
      if (Deno.statSync(`${folder}/${program}`).isFile) {
        return `${folder}/${program}`;
      }
    } catch {
      // It is not there.
    }
  }
  if (inCi) throw new Error(`${program} is missing, and CI skips nothing`);
  console.log(`${program} is missing: its tests are skipped`);
  return undefined;
}

/** Runs a program until it ends. */
async function run(program: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  })
    .output();
  if (!success) {
    throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  }
}

/** How long a server may take to start on a slow machine. */
const PATIENCE_MS = 60_000;

/** The line by which each server says that it is ready. Before that it accepts connections and refuses queries. */
const READY = /ready (to accept|for) connections/i;

/** Starts a server and waits until it is ready. */
async function start(
  directory: string,
  port: number,
  path: string,
  [program, ...args]: string[],
  signal: Deno.Signal,
): Promise<Service> {
  const log = `${directory}/log`;
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      'log=$1; shift; exec "$@" >"$log" 2>&1',
      "sh",
      log,
      program,
      ...args,
    ],
    stdin: "null",
  }).spawn();
  let ended = false;
  const status = child.status.finally(() => ended = true);
  const stop = async () => {
    if (!ended) child.kill(signal);
    await status;
    await Deno.remove(directory, { recursive: true });
  };
  const late = Date.now() + PATIENCE_MS;
  for (;;) {
    const text = await Deno.readTextFile(log).catch(() => "");
    if (READY.test(text)) return { port, path, [Symbol.asyncDispose]: stop };
    if (ended || Date.now() > late) {
      await stop();
      throw new Error(`${program} does not start: ${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function makeDirectory(): string {
  return Deno.makeTempDirSync({ prefix: "berkeley_" });
}

/** Redis. */
export function startRedis(program: string): Promise<Service> {
  const [directory, port] = [makeDirectory(), freePort()];
  const path = `${directory}/redis.sock`;
  const settings = {
    port,
    bind: "127.0.0.1",
    unixsocket: path,
    dir: directory,
    save: "",
    appendonly: "no",
  };
  const args = Object.entries(settings).flatMap((
    [name, value],
  ) => [`--${name}`, String(value)]);
  return start(directory, port, path, [program, ...args], "SIGTERM");
}

/** PostgreSQL, with the user "tester" and no password. It refuses to run as root. */
export async function startPostgres(program: string): Promise<Service> {
  const [directory, port] = [makeDirectory(), freePort()];
  const data = `${directory}/data`;
  const initdb = program.replace(/postgres$/, "initdb");
  const as = Deno.uid() === 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
  if (as.length > 0) await run("chown", ["postgres:postgres", directory]);
  const [first, ...rest] = [
    ...as,
    initdb,
    "-D",
    data,
    "-U",
    "tester",
    "--auth=trust",
    "--no-sync",
  ];
  await run(first, rest);
  const server = [
    ...as,
    program,
    "-D",
    data,
    "-p",
    String(port),
    "-k",
    directory,
    "-h",
    "127.0.0.1",
    "-c",
    "fsync=off",
  ];
  // SIGINT ends the sessions. SIGTERM would wait for them.
  return await start(
    directory,
    port,
    `${directory}/.s.PGSQL.${port}`,
    server,
    "SIGINT",
  );
}

/** MariaDB, with the user "tester" and the password "secret". */
export async function startMariaDb(program: string): Promise<Service> {
  const [directory, port] = [makeDirectory(), freePort()];
  const path = `${directory}/mysql.sock`;
  const user = Deno.uid() === 0 ? ["--user=root"] : [];
  const init = `${directory}/init.sql`;
  await Deno.writeTextFile(
    init,
    [
      "CREATE USER tester@'%' IDENTIFIED BY 'secret';",
      "CREATE USER tester@localhost IDENTIFIED BY 'secret';",
      "CREATE DATABASE trial;",
      "GRANT ALL ON trial.* TO tester@'%';",
      "GRANT ALL ON trial.* TO tester@localhost;",
    ].join("\n"),
  );
  const data = `--datadir=${directory}/data`;
  await run("mariadb-install-db", [
    "--no-defaults",
    ...user,
    data,
    "--auth-root-authentication-method=normal",
  ]);
  const server = [
    ...[
      program,
      "--no-defaults",
      ...user,
      data,
      `--socket=${path}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
    ],
    ...[
      `--init-file=${init}`,
      "--skip-log-bin",
      "--innodb-flush-log-at-trx-commit=0",
    ],
  ];
  return await start(directory, port, path, server, "SIGTERM");
}
