// Starts programs in a pseudo-terminal. There Deno asks the user for a permission that it refuses without a terminal.

import { Program } from "./_helpers.ts";

/** The time limit in seconds. No example takes that long on a slow machine. */
const PATIENCE = 60;

/**
 * Uses pty.fork, since script(1) differs between systems. It passes on the program's output, and its own input to the
 * program. It ends with the program's exit status, with 125 if Deno asks for a permission, or with 124 at the deadline.
 */
const RUNNER = `
import os, pty, select, signal, sys, time
child, terminal = pty.fork()
if child == 0:
    os.environ.update(NO_COLOR="1", TERM="dumb")
    os.execvp(sys.argv[2], sys.argv[2:])
said, end, sources = b"", time.monotonic() + float(sys.argv[1]), [terminal, 0]
failure = None
while failure is None:
    ready = select.select(sources, [], [], max(end - time.monotonic(), 0))[0]
    if not ready:
        failure = 124
    if 0 in ready:
        typed = os.read(0, 65536)
        os.write(terminal, typed)
        if not typed:
            sources.remove(0)
    if terminal in ready:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        said = said[-64:] + piece
        os.write(1, piece.replace(b"\\r\\n", b"\\n"))
        if b"Allow?" in said:
            failure = 125
if failure is not None:
    os.kill(child, signal.SIGKILL)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
os._exit(failure if failure is not None else status)
`;

/** Starts a program in a terminal. Its lines include the echo of what is typed. */
export function startInTerminal(program: string, ...args: string[]): Program {
  return new Program("python3", ["-c", RUNNER, String(PATIENCE), program, ...args]);
}
