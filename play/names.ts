// The public names of the module with their signatures, for the editor's completion, from `deno doc`.

/** Name, kind, signature, first sentence. */
export type PublicName = [string, "function" | "class" | "property" | "constant", string, string];

export interface PublicNames {
  module: PublicName[];
  /** The methods and properties of a Socket. */
  socket: PublicName[];
}

interface Param {
  kind: string;
  name?: string;
  optional?: boolean;
  left?: Param;
  arg?: Param;
}

interface Declaration {
  kind: string;
  jsDoc?: { doc?: string };
  def: {
    params?: Param[];
    methods?: {
      name: string;
      isStatic: boolean;
      kind: string;
      jsDoc?: { doc?: string };
      functionDef: { params: Param[] };
    }[];
  };
}

function nameOf(param: Param): string {
  if (param.left !== undefined) return `${nameOf(param.left)}?`;
  if (param.arg !== undefined) return `...${nameOf(param.arg)}`;
  return `${param.name ?? "{…}"}${param.optional === true ? "?" : ""}`;
}

const signature = (params: Param[]) => `(${params.map(nameOf).join(", ")})`;

function firstSentence(doc = ""): string {
  const line = doc.split(/\n\n/)[0].replaceAll("\n", " ");
  return (/^.*?[.;](?= |$)/.exec(line)?.[0] ?? line).trim().replace(/;$/, ".");
}

/** Reads them from the documentation of the entry. */
export async function publicNames(): Promise<PublicNames> {
  const entry = decodeURIComponent(new URL("../mod.ts", import.meta.url).pathname);
  const { stdout, success } = await new Deno.Command(Deno.execPath(), { args: ["doc", "--json", entry] }).output();
  if (!success) throw new Error("deno doc failed");
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const { symbols } = Object.values(nodes)[0] as { symbols: { name: string; declarations: Declaration[] }[] };
  const names: PublicNames = { module: [], socket: [] };
  for (const { name, declarations: [{ kind, jsDoc, def }] } of symbols) {
    const doc = firstSentence(jsDoc?.doc);
    if (kind === "function") names.module.push([name, "function", signature(def.params ?? []), doc]);
    // There are hundreds of constants, so only their names are listed.
    else if (kind === "variable") names.module.push([name, "constant", "", ""]);
    else if (kind === "class") names.module.push([name, "class", "", doc]);
    if (name !== "Socket") continue;
    for (const method of def.methods ?? []) {
      if (method.isStatic || method.name.startsWith("[") || names.socket.some(([known]) => known === method.name)) {
        continue;
      }
      const isMethod = method.kind === "method";
      const params = isMethod ? signature(method.functionDef.params) : "";
      names.socket.push([method.name, isMethod ? "function" : "property", params, firstSentence(method.jsDoc?.doc)]);
    }
  }
  if (names.module.length < 100 || names.socket.length < 20) throw new Error("deno doc told too few names");
  return names;
}
