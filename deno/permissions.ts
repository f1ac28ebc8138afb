// Queries of Deno's permissions. A query comes before each use, because in a terminal Deno.listen asks the user before it
// refuses: trying the larger claim and catching the refusal would stop the program with a question.

/** Whether the permission covers a host and port. It does not ask the user. */
export function allowed(host: string, port: number): boolean {
  const net = { name: "net", host: `${host.includes(":") ? `[${host}]` : host}:${port}` } as const;
  return Deno.permissions.querySync(net).state === "granted";
}

/** Whether abstract Unix names may be used. They need all of net. It does not ask the user. */
export function abstractAllowed(): boolean {
  return Deno.permissions.querySync({ name: "net" }).state === "granted";
}

/**
 * Throws unless abstract Unix names may be used. It asks the user for all of net. Asking for one random name would be
 * useless, because the next name is another one. `hint` tells the reason and the alternative.
 */
export function requireAbstract(hint: string): void {
  if (abstractAllowed()) return;
  if (Deno.permissions.requestSync({ name: "net" }).state === "granted") return;
  throw new Deno.errors.NotCapable(`Requires net access, run again with the --allow-net flag: ${hint}`);
}

/** Returns Deno's error for a refused host and port; port 0 stands for every port. */
export function notCapable(host: string, port: number): Error {
  const place = host.includes(":") ? `[${host}]` : host;
  const where = port === 0 ? place : `${place}:${port}`;
  return new Deno.errors.NotCapable(`Requires net access to "${where}", run again with the --allow-net flag`);
}
