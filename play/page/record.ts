// The data of one run, as the Worker sends it.

import type { End, Failure, Moment, Output, Packet, SocketRow, Wait } from "../protocol.ts";

export class RunRecord {
  readonly outputs: Output[] = [];
  readonly failures: Failure[] = [];
  readonly packets: Packet[] = [];
  readonly moments: Moment[] = [];
  readonly waits: Wait[] = [];
  end: End | undefined;
  /** Real milliseconds from pressing Run to the end. */
  took = 0;
  #times: number[] | undefined;

  /** Must be called after data was added. */
  touch(): void {
    this.#times = undefined;
  }

  /** All times with an event, sorted, each once. */
  get times(): number[] {
    if (this.#times !== undefined) return this.#times;
    const all = new Set<number>([0]);
    for (const { time, arrival } of this.packets) {
      all.add(time);
      if (arrival !== null) all.add(arrival);
    }
    for (const { time } of this.outputs) all.add(time);
    for (const { time } of this.failures) all.add(time);
    for (const { time } of this.moments) all.add(time);
    return this.#times = [...all].sort((a, b) => a - b);
  }

  /** The sockets after all events of a time. */
  socketsAt(time: number): SocketRow[] {
    let low = 0;
    let high = this.moments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.moments[middle].time <= time) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? [] : this.moments[low - 1].sockets;
  }

  /** The lines at which a host's program waits after a time. */
  waitsAt(host: string, time: number): number[] {
    const lines = this.waits.filter((wait) => wait.host === host && wait.from <= time && time < wait.to);
    return [...new Set(lines.map(({ line }) => line))];
  }
}
