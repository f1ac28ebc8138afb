// The heights of the packets in a ladder. Time runs downwards but not to scale: beside a round trip of a millimetre, an
// idle second would be a metre high. The height of each step grows with the logarithm of its time.

import type { Packet } from "../protocol.ts";

/** A packet and its place: the heights at which it is sent and arrives, in pixels from the top. */
export interface Rung {
  packet: Packet;
  /** Its index in the trace. */
  index: number;
  sent: number;
  there: number;
}

/** A time span without events. */
export interface Pause {
  top: number;
  bottom: number;
  seconds: number;
}

/** A time, and the height below which all its events are. */
export interface Tick {
  time: number;
  y: number;
}

export interface Layout {
  rungs: Rung[];
  pauses: Pause[];
  /** Sorted by time. */
  ticks: Tick[];
  height: number;
}

const TOP = 14;
/** The distance of packets of the same time. */
const STEP = 20;
/** The distance between a packet that arrives and its answer. */
const TURN = 11;
const MIN_GAP = 14;
const MAX_GAP = 46;
/** The height of a millisecond is the smallest. Each doubling of the time adds this much. */
const PER_DOUBLING = 7;
/** A time without packets under way that is longer than this is shown as a pause with its length. */
const PAUSE = 0.15;

export function gapFor(seconds: number): number {
  return Math.min(MAX_GAP, MIN_GAP + PER_DOUBLING * Math.max(0, Math.log2(seconds / 0.001)));
}

/** The shortest time that packets of a trace took, which is about the latency of the network. */
function usualTime(packets: Packet[]): number {
  let least = Infinity;
  for (const { time, arrival } of packets) if (arrival !== null) least = Math.min(least, arrival - time);
  return least === Infinity ? 0.02 : least;
}

export function layOut(packets: Packet[], first = 0): Layout {
  const rungs: Rung[] = packets.map((packet, place) => ({ packet, index: first + place, sent: 0, there: 0 }));
  // Packets that did not arrive end half-way.
  const half = usualTime(packets) / 2;
  const events = rungs.flatMap((rung) => [
    { time: rung.packet.time, rung, isSend: true, order: rung.index },
    { time: rung.packet.arrival ?? rung.packet.time + half, rung, isSend: false, order: rung.index },
  ]);
  // At the same time, arrivals come before the answers to them. A packet without latency is sent before it arrives.
  events.sort((a, b) =>
    a.time - b.time ||
    (a.rung === b.rung ? (a.isSend ? -1 : 1) : Number(a.isSend) - Number(b.isSend) || a.order - b.order)
  );
  const pauses: Pause[] = [];
  const ticks: Tick[] = [];
  let y = TOP;
  let time = events[0]?.time ?? 0;
  let underWay = 0;
  /** The height of the latest packet at each host at this time. */
  let used = new Map<string, { y: number; isSend: boolean }>();
  for (const { time: now, rung, isSend } of events) {
    if (now > time) {
      const top = y;
      y += gapFor(now - time);
      if (underWay === 0 && now - time >= PAUSE) {
        y += STEP;
        pauses.push({ top, bottom: y, seconds: now - time });
      }
      time = now;
      used = new Map();
    }
    const place = isSend ? rung.packet.from : rung.packet.to;
    const last = used.get(place);
    if (last !== undefined) y = Math.max(y, last.y + (last.isSend === isSend ? STEP : TURN));
    used.set(place, { y, isSend });
    if (isSend) {
      rung.sent = y;
      underWay++;
    } else {
      // A packet without latency still slopes a little, so that its direction is visible.
      rung.there = Math.max(y, rung.sent + 4);
      y = Math.max(y, rung.there);
      underWay--;
    }
    const tick = ticks.at(-1);
    if (tick?.time === now) tick.y = y;
    else ticks.push({ time: now, y });
  }
  return { rungs, pauses, ticks, height: y + TOP };
}

/** The height of a time: at its tick, or between two ticks. */
export function heightAt(ticks: Tick[], time: number): number {
  let before: Tick | undefined;
  for (const tick of ticks) {
    if (tick.time > time) {
      if (before === undefined) return Math.max(tick.y - MIN_GAP / 2, 2);
      return before.y + (tick.y - before.y) * (time - before.time) / (tick.time - before.time);
    }
    before = tick;
  }
  return (before?.y ?? 0) + 8;
}
