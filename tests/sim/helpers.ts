// Shared by the tests of the simulation. They run without any permission, so nothing here asks for one at import.

/** What a call throws or rejects with; null if it succeeds. */
export async function failure(call: () => unknown): Promise<any> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return null;
}

/** A number from the environment, where that may be read; else the usual one. */
export function numberFromEnv(variable: string, usual: number): number {
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return usual;
  return Number(Deno.env.get(variable) ?? usual);
}
