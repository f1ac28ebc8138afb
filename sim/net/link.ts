// One direction of a link between two hosts. It delays, drops, duplicates and reorders packets.

import { fromSeconds, MILLISECOND, SECOND } from "../time/units.ts";
import type { Action } from "../time/queue.ts";
import type { PacketEntry } from "../trace/recorder.ts";
import type { Host } from "./host.ts";
import { sizeOf } from "./packet.ts";
import type { Packet } from "./packet.ts";

/** How a link treats the packets that travel over it. The options apply to each direction separately. */
export interface LinkOptions {
  /** The time that a packet takes, one way, in seconds. 0 by default. */
  latency?: number;
  /**
   * The largest random time that is added to the latency, in seconds. With jitter, packets may overtake each other. 0 by
   * default.
   */
  jitter?: number;
  /** Bytes per second, headers included. Infinity by default. */
  bandwidth?: number;
  /** The probability that a packet is lost, 0 to 1. */
  loss?: number;
  /** The probability that a packet arrives twice, 0 to 1. */
  duplicate?: number;
  /** The probability that a packet is delayed, so that later packets overtake it, 0 to 1. */
  reorder?: number;
  /**
   * The size of the queue of a link with a bandwidth, in bytes, headers included. A packet that does not fit is dropped.
   * 65536 by default.
   */
  queue?: number;
  /** The longest packet in bytes, headers included. 1500 by default. */
  mtu?: number;
}

/** The options of a link that has none of its own. */
export const IDEAL: Required<LinkOptions> = {
  latency: 0,
  jitter: 0,
  bandwidth: Infinity,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  queue: 65536,
  mtu: 1500,
};

/** The smallest MTU that IPv6 allows. */
const LEAST_MTU = 1280;

/** The bounds of each option. */
const BOUNDS: Record<keyof LinkOptions, [least: number, most: number]> = {
  latency: [0, Number.MAX_SAFE_INTEGER / SECOND],
  jitter: [0, Number.MAX_SAFE_INTEGER / SECOND],
  bandwidth: [1, Infinity],
  loss: [0, 1],
  duplicate: [0, 1],
  reorder: [0, 1],
  queue: [0, Infinity],
  mtu: [LEAST_MTU, 65536],
};

/** Checks the options of a link: wrong names and types are TypeErrors, values out of range RangeErrors. */
export function checkLinkOptions(options: LinkOptions): LinkOptions {
  if (typeof options !== "object" || options === null) throw new TypeError("link options must be an object");
  const checked: LinkOptions = {};
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(BOUNDS, name)) throw new TypeError(`a link has no option '${name}'`);
    if (value === undefined) continue;
    if (typeof value !== "number") throw new TypeError(`a link's ${name} must be a number`);
    const [least, most] = BOUNDS[name as keyof LinkOptions];
    if (!(value >= least && value <= most)) throw new RangeError(`a link's ${name} must be ${least} to ${most}`);
    if (name === "mtu" && !Number.isInteger(value)) throw new TypeError("a link's mtu must be an integer");
    checked[name as keyof LinkOptions] = value;
  }
  return checked;
}

/** The extra delay of a duplicated or reordered packet depends on the latency, or on this time if that is longer. */
const LEAST_DELAY = MILLISECOND;

/** The number of every duplicate. A duplicate never counts as overtaken, and no packet counts as overtaken by it. */
const COPY = -1;

/** One direction of the link between two hosts. */
export class Link {
  readonly from: Host;
  readonly to: Host;
  #options: Required<LinkOptions>;
  /** Whether a partition cuts the link. A cut link passes no packets. */
  cut = false;
  /** How often the link was cut. A packet that was sent before the latest cut does not arrive. */
  cuts = 0;
  /** The time at which the last queued byte leaves. */
  #busyUntil = 0;
  #sent = 0;
  #latestDelivered = 0;
  #lastArrival = -1;
  #lastTie = 0;

  constructor(from: Host, to: Host, options: Required<LinkOptions>) {
    this.from = from;
    this.to = to;
    this.#options = options;
  }

  get options(): Readonly<Required<LinkOptions>> {
    return this.#options;
  }

  /**
   * Changes options. The arrival times of packets under way do not change. For later packets, the bytes that are queued
   * leave at the new bandwidth.
   */
  change(options: LinkOptions): void {
    const { bandwidth } = this.#options;
    this.#options = { ...this.#options, ...options };
    const { now } = this.from.network.timeline;
    if (this.#busyUntil <= now) return;
    this.#busyUntil = now + Math.ceil((this.#busyUntil - now) * (bandwidth / this.#options.bandwidth));
  }

  /** Cuts the link or restores it. Packets that are under way or queued at a cut do not arrive. */
  setCut(cut: boolean): void {
    if (cut && !this.cut) this.#discard();
    this.cut = cut;
  }

  /** Discards the packets that are under way or queued. */
  #discard(): void {
    this.cuts++;
    this.#busyUntil = 0;
  }

  send(packet: Packet): void {
    const { linkRandom, network: { recorder, timeline } } = this.from;
    const now = timeline.now;
    const entry = recorder.sent(now, this.from, this.to, packet, false);
    if (this.cut) return recorder.ended(entry, "partitioned", now);
    const { bandwidth, queue, loss, latency, jitter, duplicate, reorder } = this.#options;
    let left = now;
    if (bandwidth !== Infinity) {
      const size = sizeOf(packet);
      const start = Math.max(now, this.#busyUntil);
      const waiting = (start - now) * bandwidth / SECOND;
      // A packet that is sent at once needs no room in the queue.
      if (start > now && waiting + size > queue) return recorder.ended(entry, "dropped", now);
      left = this.#busyUntil = start + Math.ceil(size * SECOND / bandwidth);
    }
    if (linkRandom.happens(loss)) return recorder.ended(entry, "lost", now);
    let arrival = left + fromSeconds(latency);
    if (jitter > 0) arrival += fromSeconds(jitter * linkRandom.next());
    const extra = Math.max(fromSeconds(latency), LEAST_DELAY);
    if (linkRandom.happens(reorder)) arrival += Math.ceil(extra * (0.5 + linkRandom.next()));
    this.#schedule(packet, arrival, entry, this.#sent++);
    if (linkRandom.happens(duplicate)) {
      const copy = recorder.sent(now, this.from, this.to, packet, true);
      this.#schedule(packet, arrival + Math.ceil(extra * linkRandom.next()), copy, COPY);
    }
  }

  #schedule(packet: Packet, time: number, entry: PacketEntry | undefined, number: number): void {
    // Packets that arrive at the same time keep their order. Other events may come between them.
    const { timeline } = this.from.network;
    const tie = time === this.#lastArrival ? timeline.tieAfter(this.#lastTie) : timeline.tie();
    this.#lastArrival = time;
    this.#lastTie = tie;
    timeline.at(time, new Arrival(this, packet, entry, this.cuts, number), tie);
  }

  /** Called when a packet arrives at the end of the link. */
  arrive(packet: Packet, entry: PacketEntry | undefined, cuts: number, number: number): void {
    const { recorder, timeline } = this.from.network;
    const now = timeline.now;
    if (this.cut || cuts !== this.cuts) return recorder.ended(entry, "partitioned", now);
    const overtaken = number !== COPY && number < this.#latestDelivered;
    if (number > this.#latestDelivered) this.#latestDelivered = number;
    recorder.ended(entry, this.to.isUp ? "delivered" : "dropped", now, overtaken);
    if (this.to.isUp) this.to.receive(packet);
  }
}

/** The arrival of a packet at the end of a link. */
class Arrival implements Action {
  readonly #link: Link;
  readonly #packet: Packet;
  readonly #entry: PacketEntry | undefined;
  readonly #cuts: number;
  readonly #number: number;
  constructor(link: Link, packet: Packet, entry: PacketEntry | undefined, cuts: number, number: number) {
    this.#link = link;
    this.#packet = packet;
    this.#entry = entry;
    this.#cuts = cuts;
    this.#number = number;
  }
  fire(): void {
    this.#link.arrive(this.#packet, this.#entry, this.#cuts, this.#number);
  }
}
