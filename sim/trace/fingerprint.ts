// The fingerprint of a trace: a hash of all packets, their times and their bytes.

import type { PacketEntry } from "./recorder.ts";

/**
 * A 64-bit hash as two halves of 32 bits, which every JavaScript runtime computes exactly. The halves use different
 * multipliers.
 */
class Hash {
  #high = 0xdeadbeef | 0;
  #low = 0x41c6ce57 | 0;

  byte(byte: number): void {
    this.#high = Math.imul(this.#high ^ byte, 0x9e3779b1);
    this.#low = Math.imul(this.#low ^ byte, 0x5f356495);
    // In a product, low bits change higher bits only. So the high bits are mixed into the low bits here.
    this.#high ^= this.#high >>> 15;
    this.#low ^= this.#low >>> 13;
  }

  /** Adds a whole number, or a time in seconds. */
  number(value: number): void {
    const whole = Math.round(value * 1e9);
    for (let rest = whole, i = 0; i < 8; i++) {
      const low = rest % 256;
      this.byte(low);
      rest = (rest - low) / 256;
    }
  }

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i) & 0xff);
    this.byte(0xff);
  }

  get value(): string {
    const hex = (half: number) => (half >>> 0).toString(16).padStart(8, "0");
    return hex(this.#high ^ (this.#low >>> 16)) + hex(this.#low ^ (this.#high >>> 16));
  }
}

/** Returns the fingerprint of a trace, 16 hexadecimal digits. */
export function fingerprintOf(packets: readonly PacketEntry[]): string {
  const hash = new Hash();
  for (const packet of packets) {
    hash.number(packet.time);
    hash.number(packet.arrival ?? -1);
    for (
      const text of [
        packet.from,
        packet.to,
        packet.protocol,
        packet.flags,
        packet.source,
        packet.destination,
        packet.fate,
      ]
    ) {
      hash.text(text);
    }
    for (const number of [packet.sourcePort, packet.destinationPort, packet.rawSeq, packet.rawAck, packet.window]) {
      hash.number(number);
    }
    hash.byte((packet.duplicate ? 1 : 0) | (packet.retransmission ? 2 : 0) | (packet.overtaken ? 4 : 0));
    hash.number(packet.length);
    const { data } = packet;
    for (let i = 0; i < data.length; i++) hash.byte(data[i]);
  }
  return hash.value;
}
