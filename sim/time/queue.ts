// The queue of pending events: a binary heap.

/** Something that happens at a time of the timeline. */
export interface Action {
  /** Runs the action. */
  fire(): void;
  /**
   * Returns the time at which the action is due now: a later time if it was postponed, Infinity if it was cancelled.
   * Actions that are never postponed have no such method.
   */
  due?(): number;
  /** Whether it was cancelled for good, so that `due` will always return Infinity. */
  readonly isDiscarded?: boolean;
}

/** The smallest number of discarded actions that are removed together. */
const LEAST_DISCARDED = 256;

/**
 * Actions in the order in which they happen: by time, then by tie, then by order of entry.
 *
 * The heap is four arrays, and each event has the same index in all of them. With one array of objects, comparisons took
 * 4 % of the time of a run with a thousand hosts, because the objects were spread over the memory. Most comparisons read
 * `#times` only.
 */
export class EventQueue {
  readonly #times: number[] = [];
  readonly #ties: number[] = [];
  readonly #orders: number[] = [];
  readonly #actions: Action[] = [];
  #order = 0;
  /** How many of the actions are discarded. */
  #discarded = 0;

  /** How many events it holds, postponed ones included. */
  get size(): number {
    return this.#times.length;
  }

  /** Adds an action. Of actions at the same time the one with the smaller tie comes first. */
  add(time: number, tie: number, action: Action): void {
    this.#push(time, tie, this.#order++, action);
  }

  /**
   * Notes that an action in the queue was discarded. When half of the actions are, they are removed together: timeouts of
   * an hour that are cleared at once would fill the memory. The order of the others does not change.
   */
  discard(): void {
    this.#discarded++;
    if (this.#discarded < LEAST_DISCARDED || 2 * this.#discarded < this.size) return;
    const [times, ties, orders] = [this.#times, this.#ties, this.#orders].map((numbers) => numbers.splice(0));
    const actions = this.#actions.splice(0);
    this.#discarded = 0;
    actions.forEach((action, place) => {
      if (action.isDiscarded !== true) this.#push(times[place], ties[place], orders[place], action);
    });
  }

  /** Removes all actions. */
  clear(): void {
    this.#discarded = 0;
    this.#times.length =
      this.#ties.length =
      this.#orders.length =
      this.#actions.length =
        0;
  }

  /** Returns the time of the next action, or Infinity if there is none. Moves postponed actions to their new places. */
  nextTime(): number {
    while (this.#times.length > 0) {
      const time = this.#times[0];
      const action = this.#actions[0];
      const due = action.due?.() ?? time;
      if (due === time) return time;
      const tie = this.#ties[0];
      const order = this.#orders[0];
      this.#pop();
      if (due !== Infinity) this.#push(due, tie, order, action);
      else if (action.isDiscarded === true) this.#discarded--;
    }
    return Infinity;
  }

  /** Returns the time of the last action, or -Infinity if there is none. It looks at all actions. */
  lastTime(): number {
    let last = -Infinity;
    this.#actions.forEach((action, place) => {
      const due = action.due?.() ?? this.#times[place];
      if (due !== Infinity) last = Math.max(last, due);
    });
    return last;
  }

  /** Removes the first action and returns it. Call `nextTime` before. */
  take(): Action {
    const action = this.#actions[0];
    this.#pop();
    return action;
  }

  /** Returns whether an event comes before the event at a place. */
  #isBefore(time: number, tie: number, order: number, place: number): boolean {
    if (time !== this.#times[place]) return time < this.#times[place];
    return tie !== this.#ties[place] ? tie < this.#ties[place] : order < this.#orders[place];
  }

  #put(place: number, time: number, tie: number, order: number, action: Action): void {
    this.#times[place] = time;
    this.#ties[place] = tie;
    this.#orders[place] = order;
    this.#actions[place] = action;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from], this.#ties[from], this.#orders[from], this.#actions[from]);
  }

  #push(time: number, tie: number, order: number, action: Action): void {
    let place = this.#times.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(time, tie, order, parent)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, time, tie, order, action);
  }

  #pop(): void {
    const time = this.#times.pop()!;
    const tie = this.#ties.pop()!;
    const order = this.#orders.pop()!;
    const action = this.#actions.pop()!;
    const length = this.#times.length;
    if (length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (
        child + 1 < length &&
        this.#isBefore(this.#times[child + 1], this.#ties[child + 1], this.#orders[child + 1], child)
      ) child++;
      if (this.#isBefore(time, tie, order, child)) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, time, tie, order, action);
  }
}
