// Formats values as Deno's console.log does, on one line.

const MAX_ITEMS = 100;
const MAX_DEPTH = 4;

/** The text of one console.log call. */
export function formatAll(values: unknown[]): string {
  return values.map((value) => typeof value === "string" ? value : format(value)).join(" ");
}

/** The text of one value that is not a top-level string. */
export function format(value: unknown, depth = 0, seen: object[] = []): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol") return value.toString();
  if (typeof value === "function") return `[Function: ${value.name || "(anonymous)"}]`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (seen.includes(value)) return "[Circular]";
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Date) return value.toISOString();
  const inner = (item: unknown) => format(item, depth + 1, [...seen, value]);
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? "[Array]" : "[Object]";
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const items = value as unknown as ArrayLike<number>;
    return `${value.constructor.name}(${items.length}) ${list(Array.from(items), items.length, inner)}`;
  }
  if (Array.isArray(value)) return list(value, value.length, inner);
  if (value instanceof Map) {
    const entries = [...value].slice(0, MAX_ITEMS).map(([key, item]) => `${inner(key)} => ${inner(item)}`);
    return `Map(${value.size}) ${braces(entries, value.size)}`;
  }
  if (value instanceof Set) {
    return `Set(${value.size}) ${braces([...value].slice(0, MAX_ITEMS).map(inner), value.size)}`;
  }
  const keys = Object.keys(value);
  const name = value.constructor?.name ?? "";
  const entries = keys.slice(0, MAX_ITEMS).map((key) => `${key}: ${inner((value as Record<string, unknown>)[key])}`);
  const text = braces(entries, keys.length);
  return name === "" || name === "Object" ? text : `${name} ${text}`;
}

function list(items: unknown[], length: number, inner: (item: unknown) => string): string {
  if (length === 0) return "[]";
  const texts = items.slice(0, MAX_ITEMS).map(inner);
  if (length > MAX_ITEMS) texts.push(`... ${length - MAX_ITEMS} more items`);
  return `[ ${texts.join(", ")} ]`;
}

function braces(entries: string[], length: number): string {
  if (length === 0) return "{}";
  if (length > MAX_ITEMS) entries.push(`... ${length - MAX_ITEMS} more`);
  return `{ ${entries.join(", ")} }`;
}
