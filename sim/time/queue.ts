// The queue of what is going to happen: a binary heap.

/** What happens at a time. */
export interface Action {
  /** Does it. */
  fire(): void;
  /**
   * Returns the time at which the action is due now. If it was postponed, that is later than its time in the queue, or
   * never (Infinity). Left out if an action is never postponed.
   */
  due?(): number;
}

/** An action and its place: by time, then by `tie`, then by order of entry. */
export interface Event {
  time: number;
  readonly tie: number;
  readonly order: number;
  readonly action: Action;
  /** Whether it counts as pending until it happens. An action that counts by itself says false. */
  readonly counted: boolean;
}

function isBefore(a: Event, b: Event): boolean {
  if (a.time !== b.time) return a.time < b.time;
  return a.tie !== b.tie ? a.tie < b.tie : a.order < b.order;
}

/** Events in the order in which they happen. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #order = 0;

  /** How many events it holds, those that were put off among them. */
  get size(): number {
    return this.#heap.length;
  }

  /** Adds an event. Of events at the same time the one with the smaller tie comes first. */
  add(time: number, tie: number, action: Action, counted: boolean): void {
    this.#push({ time, tie, order: this.#order++, action, counted });
  }

  /** Drops every event. */
  clear(): void {
    this.#heap.length = 0;
  }

  /** The next event, which stays in the queue. Events that were put off move to their new place on the way. */
  peek(): Event | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return undefined;
      const due = first.action.due?.() ?? first.time;
      if (due === first.time) return first;
      this.#pop();
      if (due !== Infinity) {
        first.time = due;
        this.#push(first);
      }
    }
  }

  /** Takes the next event out. */
  take(): Event | undefined {
    const first = this.peek();
    if (first !== undefined) this.#pop();
    return first;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(event);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, heap[parent])) break;
      heap[place] = heap[parent];
      place = parent;
    }
    heap[place] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const length = heap.length;
    if (length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = last;
  }
}
