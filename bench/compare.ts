// Compares this tree with another commit, on both backends, for reviewers.
//
//   deno task bench --compare REV [--only echo64,udp] [--rounds 11] [--seconds 0.5] [--placement alone|shared]
//
// The other commit is checked out in a temporary worktree, and runs the benchmark programs of this tree. In each round
// the two sides run one after the other, in alternating order. It prints the median and the range of the rounds' ratios,
// and the sign test: the probability that one side wins so many rounds by chance.

import { peersOf } from "./peers.ts";
import type { Peer } from "./peers.ts";
import { summarize } from "./statistics.ts";
import { obstacle, type Placement, placements, runQuietly, type Timing, type Workload } from "./workloads.ts";

/** The programs of this tree that both sides run. */
const PROGRAMS = ["berkeley.ts", "roles.ts", "default.ts", "native.ts"];

async function git(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", { args, cwd: new URL("..", import.meta.url) })
    .output();
  if (!success) throw new Error(`git ${args[0]}: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout).trim();
}

/** Checks a commit out into a temporary worktree, with this tree's programs. */
export async function checkOut(revision: string): Promise<AsyncDisposable & { path: string }> {
  const commit = await git("rev-parse", "--verify", `${revision}^{commit}`);
  const path = await Deno.makeTempDir({ prefix: "bench-" });
  await git("worktree", "add", "--detach", path, commit);
  for (const program of PROGRAMS) {
    await Deno.copyFile(new URL(`servers/${program}`, import.meta.url), `${path}/bench/servers/${program}`);
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await git("worktree", "remove", "--force", path);
    },
  };
}

/** The probability that one side wins at least this many rounds by chance (two-sided binomial test). */
export function signTest(wins: number, rounds: number): number {
  const fewer = Math.min(wins, rounds - wins);
  let ways = 0;
  for (let k = 0, choose = 1; k <= fewer; k++) {
    ways += choose;
    choose = choose * (rounds - k) / (k + 1);
  }
  return Math.min(1, 2 * ways / 2 ** rounds);
}

interface Comparison {
  ratio: number;
  least: number;
  most: number;
  chance: number;
}

/** Runs one workload on two peers in turn. */
async function pairUp(workload: Workload, pair: Peer[], placement: Placement, timing: Timing, rounds: number) {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const values: number[] = [];
    for (const side of round % 2 ? [1, 0] : [0, 1]) {
      values[side] = (await runQuietly(workload, pair[side].command as string[], placement, timing)).value;
    }
    ratios.push(workload.better === "more" ? values[0] / values[1] : values[1] / values[0]);
  }
  const { median, min, max } = summarize(ratios);
  const wins = ratios.filter((ratio) => ratio > 1).length;
  return { ratio: median, least: min, most: max, chance: signTest(wins, ratios.length) } satisfies Comparison;
}

/** Prints the table of this tree against another commit. */
export async function compareWith(
  revision: string,
  workloads: Workload[],
  placement: Placement,
  timing: Timing,
  rounds: number,
): Promise<void> {
  await using other = await checkOut(revision);
  const here = peersOf(new URL("..", import.meta.url).pathname);
  const there = peersOf(`${other.path}/`);
  const changed = await git("status", "--porcelain", "--untracked-files=no") === "" ? "" : ", with uncommitted changes";
  console.log(
    `\nthis tree (${await git(
      "rev-parse",
      "--short",
      "HEAD",
    )}${changed}) / ${revision}, ${rounds} rounds of ${timing.seconds} s each, ${
      placements[placement]
    }; above 1: this tree is better`,
  );
  console.log(
    `  ${"workload".padEnd(16)}${"backend".padEnd(10)}${
      ["median", "least", "most", "chance"].map((word) => word.padStart(8)).join("")
    }`,
  );
  for (const workload of workloads) {
    const where = workload.placements.includes(placement) ? placement : workload.placements[0];
    for (const [i, peer] of here.entries()) {
      const why = obstacle(peer, workload) ?? obstacle(there[i], workload);
      let figures: string;
      if (why !== undefined) figures = `  ${why}`;
      else {
        const { ratio, least, most, chance } = await pairUp(workload, [peer, there[i]], where, timing, rounds);
        figures = [ratio, least, most, chance].map((value) => value.toFixed(3).padStart(8)).join("");
      }
      console.log(`  ${workload.name.padEnd(16)}${peer.id.padEnd(10)}${figures}`);
    }
  }
}
