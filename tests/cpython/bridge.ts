// The Deno end of the bridge by which CPython's own tests use this module. It reads calls from standard input, one line of
// JSON each, and writes each outcome when the call ends. bridge.py is the other end.
//
//   deno run -A --unstable-net tests/cpython/bridge.ts ../../native.ts

/** A call of a function of the module, or of a method or property of an object that an earlier call returned. */
interface Call {
  id: number;
  /** The number of an object. 0 is the module. */
  target: number;
  kind: "call" | "get" | "drop";
  name: string;
  args: unknown[];
}

type Named = Record<string, unknown>;

const module: Named = await import(new URL(Deno.args[0], import.meta.url).href);
const objects = new Map<number, object>([[0, module]]);
const numbers = new WeakMap<object, number>();
let last = 0;

/** Converts JSON to a value: bytes, objects by number, and other values unchanged. */
function decode(value: any): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== "object") return value;
  if ("bytes" in value) return Uint8Array.fromBase64(value.bytes);
  if ("buffer" in value) return Uint8Array.fromBase64(value.buffer);
  if ("object" in value) return objects.get(value.object);
  if ("file" in value) return Deno.openSync(value.file);
  return Object.fromEntries(Object.entries(value.options).map(([key, item]) => [key, decode(item)]));
}

/** Returns the number by which Python names an object. */
function numberOf(value: object): number {
  let number = numbers.get(value);
  if (number === undefined) {
    number = ++last;
    numbers.set(value, number);
    objects.set(number, value);
  }
  return number;
}

/** Converts a value to JSON. */
function encode(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: value.toBase64() };
  if (Array.isArray(value)) return value.map(encode);
  if (value === null || value === undefined) return null;
  if (typeof value === "object" || typeof value === "function") {
    return { object: numberOf(value), class: value.constructor.name };
  }
  return value;
}

function encodeError(error: any): unknown {
  const { name, message, errno, strerror, code } = error;
  const classes = [];
  for (let at = error.constructor; at?.name; at = Object.getPrototypeOf(at)) classes.push(at.name);
  const errors = error instanceof AggregateError ? error.errors.map(encodeError) : undefined;
  return { name, classes, message, errno, strerror, code, errors };
}

async function run({ target, kind, name, args }: Call): Promise<unknown> {
  const object = objects.get(target) as Named;
  if (kind === "get") return encode(object[name]);
  const values = args.map(decode);
  const result = await (object[name] as (...args: unknown[]) => unknown).apply(object, values);
  // If a call has filled memory, its bytes are returned with the result.
  const filled = values.flat().filter((value, i) =>
    value instanceof Uint8Array && "buffer" in (args.flat()[i] as object ?? {})
  );
  return filled.length === 0 ? encode(result) : { result: encode(result), filled: filled.map(encode) };
}

const out = Deno.stdout.writable.getWriter();
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
// The pieces of an incomplete line. They are joined only once, because some lines have 20 MB.
let rest: string[] = [];
for await (const text of lines) {
  const [first, ...parts] = text.split("\n");
  rest.push(first);
  for (const part of parts) {
    const call: Call = JSON.parse(rest.join(""));
    rest = [part];
    if (call.kind === "drop") objects.delete(call.target);
    else {run(call).then((value) => ({ id: call.id, value }), (error) => ({ id: call.id, error: encodeError(error) }))
        .then((reply) => out.write(new TextEncoder().encode(JSON.stringify(reply) + "\n")));}
  }
}
Deno.exit(0);
