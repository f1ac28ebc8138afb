// Deno's permissions, asked about before they are used. In a terminal Deno.listen and its kin ask the user before they
// refuse: trying the larger claim and catching the refusal would stop the program with a question.

/** Whether a host and port may be used, without asking the user. */
export function allowed(host: string, port: number): boolean {
  const net = { name: "net", host: `${host.includes(":") ? `[${host}]` : host}:${port}` } as const;
  return Deno.permissions.querySync(net).state === "granted";
}

/** Whether abstract Unix names may be used, without asking the user. No single one can be granted: they need all of net. */
export function abstractAllowed(): boolean {
  return Deno.permissions.querySync({ name: "net" }).state === "granted";
}

/**
 * Throws unless abstract Unix names may be used. It asks the user for net access, and not for a random name, which
 * could be granted this once only. `hint` tells why, and how to do without.
 */
export function requireAbstract(hint: string): void {
  if (abstractAllowed()) return;
  if (Deno.permissions.requestSync({ name: "net" }).state === "granted") return;
  throw new Deno.errors.NotCapable(`Requires net access, run again with the --allow-net flag: ${hint}`);
}

/** The refusal of a host and port (0: of every port) in Deno's words, for what Deno says otherwise or would ask about. */
export function notCapable(host: string, port: number): Error {
  const place = host.includes(":") ? `[${host}]` : host;
  const where = port === 0 ? place : `${place}:${port}`;
  return new Deno.errors.NotCapable(`Requires net access to "${where}", run again with the --allow-net flag`);
}
