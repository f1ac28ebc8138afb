// Modules that build.ts makes.

declare module "worker:text" {
  /** The Worker's bundle. */
  const text: string;
  export default text;
}

declare module "names:json" {
  /** The public names of the module, for completion: name, kind, signature, first sentence. */
  const names: { module: [string, string, string, string][]; socket: [string, string, string, string][] };
  export default names;
}
