// The checksum of IP, TCP, UDP and ICMP (RFC 1071).

/** The ones' complement sum of some bytes' 16-bit words, added to another sum. */
export function sumWords(bytes: Uint8Array, sum: number = 0): number {
  let total = sum;
  for (let i = 0; i + 1 < bytes.length; i += 2) total += bytes[i] << 8 | bytes[i + 1];
  if (bytes.length % 2 === 1) total += bytes[bytes.length - 1] << 8;
  return total;
}

/** The checksum of a sum. */
export function checksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
