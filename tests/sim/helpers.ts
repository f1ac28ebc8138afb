// Helpers for the tests of the simulation. The tests run without permissions, so importing this module must not need any.

/** Returns the error that a call throws or rejects with, or null if it succeeds. */
export async function failure(call: () => unknown): Promise<any> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return null;
}

/** Returns a number from an environment variable, or a default if the variable cannot be read. */
export function numberFromEnv(variable: string, usual: number): number {
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return usual;
  return Number(Deno.env.get(variable) ?? usual);
}
