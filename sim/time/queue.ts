// The queue of pending events: a binary heap.

/** Something that happens at a time of the timeline. */
export interface Action {
  /** Runs the action. */
  fire(): void;
  /**
   * Returns the time at which the action is due now. A postponed action is due later than its place in the queue, and a
   * cancelled one never (Infinity). Actions that are never postponed leave this method out.
   */
  due?(): number;
}

/** An action in the queue. Events are sorted by time, then by `tie`, then by order of entry. */
export interface Event {
  time: number;
  readonly tie: number;
  readonly order: number;
  readonly action: Action;
  /** Whether the queue counts it as pending until it happens. False for actions that count themselves. */
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

  /** How many events it holds, postponed ones included. */
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

  /** Returns the next event and leaves it in the queue. Postponed events move to their new places first. */
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

  /** Removes the next event and returns it. */
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
