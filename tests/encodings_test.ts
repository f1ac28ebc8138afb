// Encodings of text files: their names, and what they write, compared with CPython's.

import assert from "node:assert/strict";
import { codecOf } from "../core/files/codecs.ts";
import { pythonTest, runPython } from "./_helpers.ts";

/** Asks python3 for a JSON value about this input. */
async function ask(program: string, input: unknown): Promise<any> {
  await using python = runPython(`import json, sys\nx = json.load(sys.stdin)\n${program}`);
  await python.write(JSON.stringify(input));
  const { code, stdout, stderr } = await python.end();
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const NAMES = [
  ...["utf", "utf8", "U8", "utf_8", "utf_16_le", "UTF-16BE"],
  ...["latin", "latin1", "L1", "iso8859", "iso8859_1", "iso-8859-1", "iso_8859_1_1987", "ibm819", "cp819"],
  ...["csisolatin1", "iso_ir_100", "ascii", "us-ascii", "us", "646", "csascii", "cp367", "iso_ir_6", "ansi_x3.4_1968"],
  ...["eucjp", "ujis", "euckr", "uhc", "cp936", "shiftjis", "iso2022_jp", "mac_roman", "mac-cyrillic", "cp1256"],
];

pythonTest("names of encodings mean what they mean in CPython", async () => {
  const text = "abc ж漢\u0085";
  const program = `print(json.dumps([list(x[1].encode(name, "replace")) for name in x[0]]))`;
  // Python's iso-2022-jp also writes characters of two bytes, behind an escape sequence.
  const names = NAMES.filter((name) => name !== "iso2022_jp");
  const written = await ask(program, [names, text]);
  for (const [i, name] of names.entries()) {
    assert.deepEqual([...codecOf(name).encoder("replace").encode(text)], written[i], name);
  }
  assert.equal(codecOf("iso2022_jp").decoder("strict").decode(Uint8Array.of(0x1b, 0x24, 0x42, 0x34, 0x41), true), "漢");
});

Deno.test("the web's names of UTF-8 and UTF-16 write those encodings", () => {
  const text = "aé漢䄀😀";
  const write = (name: string) => codecOf(name).encoder("strict").encode(text);
  for (const name of ["unicode", "ucs-2", "utf-16"]) assert.deepEqual(write(name), write("utf-16-le"), name);
  assert.deepEqual(write("unicodefffe"), write("utf-16-be"));
  assert.deepEqual(write("unicode11utf8"), write("utf-8"));
});

pythonTest("the errors of invalid UTF-16 have CPython's texts", async () => {
  const wrong = [[0x61], [0, 0xdc, 0x61, 0], [0x61, 0, 0, 0xd8, 0x62, 0], [0x61, 0, 0, 0xd8], [0, 0xd8, 0x61]];
  const texts = await ask(
    `
import codecs
def error(data):
    try: codecs.decode(data, "utf-16-le")
    except UnicodeError as e: return str(e)
print(json.dumps([error(bytes(data)) for data in x]))`,
    wrong,
  );
  for (const [i, data] of wrong.entries()) {
    const decoder = codecOf("utf-16-le").decoder("strict");
    assert.throws(() => decoder.decode(Uint8Array.from(data), true), { name: "RangeError", message: texts[i] });
  }
});

pythonTest("the errors of characters that cannot be written have CPython's texts", async () => {
  const names = ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "latin-1"];
  // A lone surrogate has no UTF-8, so the texts are sent as their units.
  const texts = ["a\udc00\udc01b", "\ud800", "a€жb", "é", "a😀😀", "😀a€"].map((text) =>
    Array.from(text, (character) => character.codePointAt(0)!)
  );
  const expected = await ask(
    `
def error(name, text):
    try: text.encode(name)
    except UnicodeError as e: return str(e)
print(json.dumps([[error(name, "".join(map(chr, text))) for text in x[1]] for name in x[0]]))`,
    [names, texts],
  );
  for (const [i, name] of names.entries()) {
    for (const [j, text] of texts.entries()) {
      const encode = () => codecOf(name).encoder("strict").encode(String.fromCodePoint(...text));
      if (expected[i][j] === null) encode();
      else assert.throws(encode, { name: "RangeError", message: expected[i][j] });
    }
  }
});

Deno.test("utf-16 reads little-endian without a byte order mark, and what it writes", () => {
  const decode = (...bytes: number[]) => codecOf("utf-16").decoder("strict").decode(Uint8Array.from(bytes), true);
  assert.equal(decode(0x61, 0), "a");
  assert.equal(decode(0xff, 0xfe, 0x61, 0), "a");
  assert.equal(decode(0xfe, 0xff, 0, 0x61), "a");
  assert.equal(decode(...codecOf("utf-16").encoder("strict").encode("é😀")), "é😀");
});

/** Encodings of two bytes, whose tables differ from CPython's in some characters. */
const TWO_BYTES = ["big5", "gb18030", "gbk", "shift_jis", "cp932", "cp949"];

/** Characters that the web's table and CPython's have in different places. */
const ELSEWHERE: Record<string, RegExp> = {
  big5: /[\u0401-\u0451\u2460-\u247f\u3005-\u30ff\u4edd]/g,
  // GB 18030-2022, and in CPython the edition of 2000.
  gb18030: /[\u1e3f\u9fb4-\u9fbb\ue7c7\ufe10-\ufe19]/g,
};

pythonTest("gb18030 writes every character, as CPython does", async () => {
  const text = "a€é漢😀\u{10ffff}\u{10000}\u2028ሴ\u0000";
  const [written]: number[][] = await ask(`print(json.dumps([list(x.encode("gb18030"))]))`, text);
  assert.deepEqual([...codecOf("gb18030").encoder("strict").encode(text)], written);
  // All of the first 65536 but those for private use, some of which have no bytes.
  const all = Array.from({ length: 0x10000 }, (_, i) => String.fromCharCode(i)).filter((c) =>
    !/[\ud800-\uf8ff]/.test(c)
  );
  const bytes = codecOf("gb18030").encoder("strict").encode(all.join(""));
  assert.equal(codecOf("gb18030").decoder("strict").decode(bytes, true), all.join(""));
});

pythonTest("CPython reads what an encoding of two bytes writes", async () => {
  const known: string[] = await ask(
    `print(json.dumps(["".join(c for c in map(chr, range(0x10000)) if c.encode(e, "ignore")) for e in x]))`,
    TWO_BYTES,
  );
  const encoders = TWO_BYTES.map((encoding) => codecOf(encoding).encoder("ignore"));
  const texts = known.map((text, i) => {
    const common = text.replace(ELSEWHERE[TWO_BYTES[i]] ?? "", "");
    return [...common].filter((character) => encoders[i].encode(character).length > 0).join("");
  });
  const read: string[] = await ask(
    `print(json.dumps([bytes(b).decode(e, "replace") for e, b in zip(*x)]))`,
    [TWO_BYTES, texts.map((text, i) => [...encoders[i].encode(text)])],
  );
  for (const [i, encoding] of TWO_BYTES.entries()) {
    const wrong = [...texts[i]].filter((character) => !read[i].includes(character));
    assert.deepEqual(wrong, [], encoding);
    assert.equal(read[i], texts[i], encoding);
  }
});
