// Descriptors that the native backend did not open.

import * as socket from "../native.ts";
import type { Socket } from "../native.ts";

/** A descriptor of this process that the module did not open, and the socket that it is connected to. */
export async function foreign(): Promise<[fd: number, other: Socket]> {
  const [a, b] = await socket.socketpair();
  const [inner, other] = await socket.socketpair();
  await socket.send_fds(a, ["x"], [inner.fileno()]);
  const [, [fd]] = await socket.recv_fds(b, 1, 1);
  for (const sock of [a, b, inner]) sock.close();
  return [fd, other];
}
