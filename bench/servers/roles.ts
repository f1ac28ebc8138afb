// Shared by the JavaScript programs under test: the command line, and the client's clock. It makes no socket calls.

/** The task of a program. */
export interface Role {
  role: string;
  /** The port of the server, or 0 if the program is the server. */
  port: number;
  load: ClientLoad;
}

/** The load of a client. */
export interface ClientLoad {
  connections: number;
  size: number;
  warmup: number;
  seconds: number;
}

/** Reads `ROLE [PORT [CONNECTIONS SIZE WARMUP SECONDS]]`. */
export function roleOf([role, ...numbers]: string[]): Role {
  const [port = 0, connections = 1, size = 64, warmup = 0, seconds = 0] = numbers.map(Number);
  return { role, port, load: { connections, size, warmup, seconds } };
}

/** Prints the port for the benchmark. */
export function announce([, port]: readonly [unknown, number, ...unknown[]]): void {
  console.log(port);
}

/** Ends the process when the benchmark ends, which holds the other end of stdin. */
export async function untilStdinEnds(): Promise<void> {
  const { stdin, exit } = (await import("node:process")).default;
  stdin.on("end", () => exit(0)).resume();
}

/** Runs ping-pongs concurrently, each over its own exchange, and prints their number. */
export async function pingPongs(
  { connections, size, warmup, seconds }: ClientLoad,
  open: (message: Uint8Array) => Promise<() => Promise<void>>,
): Promise<void> {
  const exchanges = await Promise.all(Array.from({ length: connections }, () => open(new Uint8Array(size))));
  let operations = 0;
  let running = true;
  for (const exchange of exchanges) run(exchange);

  async function run(exchange: () => Promise<void>): Promise<void> {
    while (running) {
      await exchange();
      operations++;
    }
  }

  // Timers run between the exchanges, at most one turn of the event loop late.
  await new Promise((resolve) => setTimeout(resolve, warmup * 1000));
  console.log("start");
  operations = 0;
  const begin = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const report = { operations, seconds: (performance.now() - begin) / 1000 };
  running = false;
  console.log(JSON.stringify(report));
  await untilStdinEnds();
}
