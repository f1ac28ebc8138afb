// Runs programs in a Worker, and ends a Worker that does not answer.

import type { FromWorker, Program, Settings } from "../protocol.ts";
import workerText from "worker:text";

/** The longest silence of a Worker: it means an endless loop without an await. Then the Worker is ended. */
const SILENCE_MS = 4000;
/** The longest run. The time that the reader needs to type is not counted. */
const LIMIT_MS = 20_000;
/** The time that a Worker has to send the end of its trace after it was asked to stop. */
const GRACE_MS = 200;
const CHECK_MS = 250;

interface Loaded {
  worker: Worker;
  address: string;
}

/** The Worker of the next run. Its text is parsed while the reader reads. */
let next: Loaded | undefined;

function loaded(): Loaded {
  // A Worker from a blob inherits the page's Content-Security-Policy; one from a file would not.
  const address = URL.createObjectURL(new Blob([workerText], { type: "text/javascript" }));
  return { address, worker: new Worker(address, { type: "module" }) };
}

/** Makes the Worker of the next run. It does nothing until it gets the programs. */
export function prepare(): void {
  next ??= loaded();
}

export interface RunEvents {
  message(message: FromWorker): void;
  /** The Worker was ended before it sent its last data. */
  cut(reason: "stopped" | "silent" | "slow"): void;
}

export class Run {
  readonly #worker: Worker;
  readonly #address: string;
  readonly #events: RunEvents;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #asked = new Set<number>();
  #heard = performance.now();
  #spent = 0;
  #checked = performance.now();
  #over = false;

  constructor(programs: Program[], settings: Settings, silent: string[], events: RunEvents) {
    this.#events = events;
    const { worker, address } = next ?? loaded();
    next = undefined;
    this.#worker = worker;
    this.#address = address;
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#message(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#finish();
      events.message({
        type: "end",
        reason: "failed",
        time: 0,
        unfinished: [],
        message: event.message,
        fingerprint: "",
        pcapng: new Uint8Array(),
      });
    };
    this.#worker.postMessage({ type: "run", programs, settings, silent });
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  #message(message: FromWorker): void {
    if (this.#over) return;
    this.#heard = performance.now();
    if (message.type === "ask") this.#asked.add(message.id);
    if (message.type === "end") this.#finish();
    this.#events.message(message);
  }

  #check(): void {
    const now = performance.now();
    // A page that was suspended (a background tab, a closed laptop) received no messages either.
    const step = Math.min(now - this.#checked, 2 * CHECK_MS);
    if (now - this.#checked > 4 * CHECK_MS) this.#heard = now;
    this.#checked = now;
    if (this.#asked.size === 0) this.#spent += step;
    if (now - this.#heard > SILENCE_MS) this.#cut("silent");
    else if (this.#spent > LIMIT_MS) this.#cut("slow");
  }

  /** Sends a program the line that it asked for. */
  answer(id: number, line: string): void {
    this.#asked.delete(id);
    this.#worker.postMessage({ type: "input", id, line });
  }

  /** Ends the run. The Worker is asked to send its trace first, and is then ended. */
  stop(): void {
    if (this.#over) return;
    this.#worker.postMessage({ type: "stop" });
    setTimeout(() => this.#cut("stopped"), GRACE_MS);
  }

  /** Ends the Worker at once. */
  discard(): void {
    this.#finish();
  }

  #cut(reason: "stopped" | "silent" | "slow"): void {
    if (this.#over) return;
    this.#finish();
    this.#events.cut(reason);
  }

  #finish(): void {
    this.#over = true;
    clearInterval(this.#timer);
    this.#worker.terminate();
    URL.revokeObjectURL(this.#address);
  }
}
