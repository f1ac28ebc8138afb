// Descriptors that the native backend did not open.

import * as socket from "../native.ts";
import type { Socket } from "../native.ts";

/** A descriptor of the process that the module knows nothing of, and the socket at the other end of what it leads to. */
export async function foreign(): Promise<[fd: number, other: Socket]> {
  const [a, b] = await socket.socketpair();
  const [inner, other] = await socket.socketpair();
  await socket.send_fds(a, ["x"], [inner.fileno()]);
  const [, [fd]] = await socket.recv_fds(b, 1, 1);
  for (const sock of [a, b, inner]) sock.close();
  return [fd, other];
}
