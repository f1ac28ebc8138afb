// Links that carry programs and settings: `#lesson` alone, or `#lesson/` and the changes, deflated, in base64url. A
// link may come from anywhere. So its content is checked field by field, and it never runs by itself.

import type { Settings } from "../protocol.ts";

/** The content of a link besides the lesson's name. */
export interface Carried {
  programs: { host: string; code: string; typed: string[] }[];
  settings: Settings;
}

const MAX_TEXT = 200_000;
const MAX_PROGRAMS = 8;

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  // Safari's streams cannot be iterated over.
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.length;
    if (size > MAX_TEXT) throw new RangeError("the link carries too much");
    chunks.push(read.value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

export async function toFragment(lesson: string, carried: Carried | null): Promise<string> {
  if (carried === null) return `#${lesson}`;
  const text = new TextEncoder().encode(JSON.stringify(carried));
  const packed = await through(text, new CompressionStream("deflate-raw"));
  const binary = Array.from(packed, (byte) => String.fromCharCode(byte)).join("");
  return `#${lesson}/${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** The lesson and the content of a fragment. `carried` is null if there is no content or it is damaged. */
export async function fromFragment(
  fragment: string,
): Promise<{ lesson: string; carried: Carried | null; damaged: boolean }> {
  const [, lesson = "", packed = ""] = /^#?([\w-]*)\/?(.*)$/.exec(fragment) ?? [];
  if (packed === "") return { lesson, carried: null, damaged: false };
  try {
    const binary = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const text = new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw")));
    return { lesson, carried: checked(JSON.parse(text)), damaged: false };
  } catch {
    return { lesson, carried: null, damaged: true };
  }
}

const isText = (value: unknown): value is string => typeof value === "string";
const inRange = (value: unknown, low: number, high: number): value is number =>
  typeof value === "number" && value >= low && value <= high;

function checked(value: any): Carried {
  const { programs, settings } = value;
  if (!Array.isArray(programs) || programs.length < 1 || programs.length > MAX_PROGRAMS) {
    throw new TypeError("programs");
  }
  const hosts = new Set<string>();
  for (const { host, code, typed } of programs) {
    if (!isText(host) || !/^[A-Za-z][\w-]{0,30}$/.test(host) || hosts.has(host)) throw new TypeError("host");
    if (!isText(code) || !Array.isArray(typed) || !typed.every(isText)) throw new TypeError("program");
    hosts.add(host);
  }
  const { latency, loss, bandwidth, seed } = settings;
  if (!isSettings({ latency, loss, bandwidth, seed })) throw new TypeError("settings");
  return {
    programs: programs.map(({ host, code, typed }) => ({ host, code, typed })),
    settings: { latency, loss, bandwidth, seed },
  };
}

/** Whether settings are valid for the simulator. */
export function isSettings({ latency, loss, bandwidth, seed }: Record<keyof Settings, unknown>): boolean {
  return inRange(latency, 0, 60) && inRange(loss, 0, 1) && inRange(bandwidth, 0, 1e12) &&
    inRange(seed, 0, 2 ** 32 - 1) &&
    Number.isInteger(seed);
}
