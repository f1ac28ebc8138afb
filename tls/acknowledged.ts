// What a peer has received, as far as TCP knows.

import { IPPROTO_TCP, TCP_INFO } from "../base/constants/ip.ts";
import type { Transport } from "../seam/transport.ts";

/** The offset of tcpi_bytes_acked in struct tcp_info. */
const TCPI_BYTES_ACKED = 120;

/**
 * Returns how many bytes the peer has acknowledged; 0 if the transport does not report that. While a peer reads slowly, the
 * kernel takes new data only when a third of its buffer is free, which can take minutes.
 */
export function acknowledgedBytes(transport: Transport): number {
  try {
    const { buffer, byteOffset } = transport.getsockopt(IPPROTO_TCP, TCP_INFO, TCPI_BYTES_ACKED + 8);
    return Number(new DataView(buffer, byteOffset).getBigUint64(TCPI_BYTES_ACKED, true));
  } catch {
    return 0;
  }
}
