// Tells which kernel the running program belongs to. Deno and Node follow a program through its waits. Browsers cannot
// do that yet.

import type { Kernel } from "../net/kernel.ts";

/** The part of Node's AsyncLocalStorage that is used here. */
interface Storage {
  getStore(): Kernel | undefined;
  run<T>(kernel: Kernel, work: () => T): T;
  disable(): void;
}

/** The part of Node's `process` that is used here. */
interface Process {
  getBuiltinModule?(name: string): { AsyncLocalStorage: new () => Storage } | undefined;
}

/** The kernel of the program that is running, in one run of a simulation. */
export class CurrentKernel {
  /** Undefined in a browser. */
  readonly #storage: Storage | undefined;

  constructor() {
    const { process } = globalThis as { process?: Process };
    const hooks = process?.getBuiltinModule?.("node:async_hooks");
    if (hooks !== undefined) this.#storage = new hooks.AsyncLocalStorage();
  }

  /** Undefined outside of programs, and in a browser. */
  get value(): Kernel | undefined {
    return this.#storage?.getStore();
  }

  /** Runs work of a kernel's program. All that follows from it belongs to that kernel too. */
  run<T>(kernel: Kernel | undefined, work: () => T): T {
    return this.#storage === undefined || kernel === undefined ? work() : this.#storage.run(kernel, work);
  }

  /** Forgets all programs. */
  end(): void {
    this.#storage?.disable();
  }
}
