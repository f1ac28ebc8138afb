// The checksum of IP, TCP, UDP and ICMP (RFC 1071).

/** Adds the 16-bit words of some bytes to a ones' complement sum. */
export function sumWords(bytes: Uint8Array, sum: number = 0): number {
  let total = sum;
  for (let i = 0; i + 1 < bytes.length; i += 2) total += bytes[i] << 8 | bytes[i + 1];
  if (bytes.length % 2 === 1) total += bytes[bytes.length - 1] << 8;
  return total;
}

/** Returns the checksum for a ones' complement sum. */
export function checksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
