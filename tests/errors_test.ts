// errno, its texts and the exception classes against CPython's.

import assert from "node:assert/strict";
import { errnoName, errnoOf, isErrnoName, strerror } from "../base/errno.ts";
import { errorFor, errorForErrno, gaiErrorFor, hErrorFor, OSError, timedOut, TimeoutError } from "../base/errors.ts";
import type { GaiName, HName } from "../base/errors.ts";
import { askPython, pythonTest } from "./_helpers.ts";

interface PythonError {
  number: number;
  text: string;
  class: string;
  message: string;
}

pythonTest("every errno has CPython's number, text, class and message", async () => {
  const theirs: Record<string, PythonError> = await askPython(`
import errno, json, os
print(json.dumps({n: dict(number=v, text=os.strerror(v), message=str(OSError(v, os.strerror(v))),
  **{"class": type(OSError(v, "")).__name__}) for n, v in vars(errno).items() if n[0] == "E"}))
`);
  for (const [name, expected] of Object.entries(theirs)) {
    const own = isErrnoName(name) ? name : errnoName(expected.number);
    assert.ok(own !== undefined, `${name} is missing`);
    const error = errorFor(own);
    assert.deepEqual({
      number: errnoOf(own),
      text: strerror(own),
      // Python has classes for files and processes too; no socket call raises them.
      class: ["ChildProcessError", "IsADirectoryError", "NotADirectoryError", "ProcessLookupError"]
          .includes(expected.class)
        ? expected.class
        : error.name,
      message: error.message,
    }, expected);
    assert.equal(errorForErrno(expected.number).message, error.message);
    assert.equal(error.errno, expected.number);
    assert.equal(error.strerror, expected.text);
    assert.equal(error.code, own);
  }
});

pythonTest("gaierror and herror have the C library's numbers and texts", async () => {
  const theirs = await askPython(`
import ctypes, json, socket
c = ctypes.CDLL(None)
c.gai_strerror.restype = c.hstrerror.restype = ctypes.c_char_p
print(json.dumps(dict(
  gai={n: [v, c.gai_strerror(v).decode()] for n, v in vars(socket).items() if n.startswith("EAI_")},
  h=[c.hstrerror(n).decode() for n in range(5)])))
`);
  for (const [name, expected] of Object.entries(theirs.gai)) {
    // glibc before 2.41 has no text for it.
    if (name === "EAI_OVERFLOW") continue;
    const error = gaiErrorFor(name as GaiName);
    assert.deepEqual([error.errno, error.strerror], expected);
    assert.equal(error.message, `[Errno ${error.errno}] ${error.strerror}`);
    assert.equal(error.code, name);
    assert.ok(error instanceof OSError && error.name === "gaierror");
  }
  for (const [i, name] of ["HOST_NOT_FOUND", "TRY_AGAIN", "NO_RECOVERY", "NO_DATA"].entries()) {
    const error = hErrorFor(name as HName);
    assert.deepEqual([error.errno, error.strerror], [i + 1, theirs.h[i + 1]]);
    assert.ok(error instanceof OSError && error.name === "herror");
  }
});

Deno.test("an error carries its context", () => {
  const cause = new Error("underneath");
  const error = errorFor("ECONNREFUSED", { syscall: "connect", address: ["127.0.0.1", 9], cause, hint: "a way out" });
  assert.equal(error.syscall, "connect");
  assert.deepEqual(error.address, ["127.0.0.1", 9]);
  assert.equal(error.cause, cause);
  assert.ok(error.message.endsWith("Connection refused: a way out"));
});

Deno.test("a timeout has no errno, as in Python", () => {
  const error = timedOut();
  assert.ok(error instanceof TimeoutError && error instanceof OSError);
  assert.equal(error.message, "timed out");
  assert.equal(error.errno, undefined);
  assert.ok(errorFor("ETIMEDOUT") instanceof TimeoutError);
});

Deno.test("the error of an unknown errno says that it is unknown", () => {
  assert.equal(errorForErrno(9999).message, "[Errno 9999] Unknown error 9999");
  assert.equal(errorForErrno(9999).code, undefined);
});
