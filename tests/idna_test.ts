// International names in ASCII, compared with node:url and with CPython's resolver.

import assert from "node:assert/strict";
import { domainToASCII } from "node:url";
import { asciiOf, toAscii } from "../base/ip.ts";

Deno.test("international names have the same ASCII form as in node:url", () => {
  for (
    const name of [
      "münchen.de",
      "日本語.jp",
      "faß.de",
      "１２７.１",
      "ü..de",
      "ü.",
      "ü.de.",
      "\u00ad.de",
      "a\u00adb.de",
      "İ.com",
      "ü_x.de",
      "-ü.de",
      "☃.net",
      "１",
      "ü.1",
      "0.世0.0",
      "ü*x",
      "MÜNCHEN.example",
    ]
  ) assert.equal(asciiOf(name), domainToASCII(name), name);
});

Deno.test("ASCII names stay as they are", () => {
  for (const name of ["", "localhost", "A.b", "xn--ls8h", "a b", "127.1", "::1", "%", "a/b"]) {
    assert.equal(asciiOf(name), name);
  }
});

Deno.test("a name without an ASCII form is a RangeError, and one with an invalid character cannot be found", () => {
  for (const name of ["xn--ü", "\ud800.de"]) assert.throws(() => asciiOf(name), RangeError, name);
  for (const name of ["ü b", "ü/x", "ü:80", "ü@x", "ü\0x", "ü%41"]) {
    assert.match(asciiOf(name), /^\?[\0-\x7f]+$/, name);
  }
});

Deno.test("labels that are empty or too long are refused", () => {
  assert.throws(() => toAscii("ü..de"), RangeError);
  assert.throws(() => toAscii("x".repeat(64)), RangeError);
  assert.throws(() => toAscii("ü".repeat(60)), RangeError);
  assert.equal(toAscii("x".repeat(63) + "."), "x".repeat(63) + ".");
});
