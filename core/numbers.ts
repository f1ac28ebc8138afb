// Where the numbers of a descriptor table's own come from: those of sockets that have no descriptor of the process.

/** Gives the next number. No number is given twice. */
export type Numbers = () => number;

/** The first number for the real backends: above the hard limit of descriptors on common systems. */
const FIRST_OF_PROCESS = 2 ** 20;
/** The first number in each simulated world: far above those that the real backends ever reach. */
const FIRST_OF_WORLD = 2 ** 30;

/** The key under which the process keeps its counter: every copy of this package finds the same one. */
const COUNTER = Symbol.for("@berkeley/socket: next descriptor number");

/**
 * The process's numbers. Two copies of this package in one process (two versions, say) share them, so that a number means
 * at most one socket: the other copy knows no such number, and answers EBADF.
 */
export const processNumbers: Numbers = () => {
  const shared = globalThis as { [COUNTER]?: number };
  const next = shared[COUNTER] ?? FIRST_OF_PROCESS;
  shared[COUNTER] = next + 1;
  return next;
};

/** Numbers that start over for each world: a program in it sees the same ones in every run. */
export function worldNumbers(): Numbers {
  let next = FIRST_OF_WORLD;
  return () => next++;
}
