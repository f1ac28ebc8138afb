// Five hosts elect a leader by majority. When the leader crashes or is cut off, they elect a new one. The program runs
// with many seeds, with partitions and crashes at random moments. The first version of the program forgot its vote in a
// crash. Seed 6 shows that:
//
//   deno run examples/sim_election.ts [--seeds 200]
//   deno run examples/sim_election.ts --first --seeds 200

import type { Address, Socket } from "@berkeley/socket";
import { explore, failedRun } from "@berkeley/socket/sim";
import type { ProgramContext } from "@berkeley/socket/sim";
import { options } from "./_shared.ts";

const { seeds, first } = options("sim_election: five hosts elect a leader, over many seeds; --first has the bug", {
  seeds: 200,
  first: false,
});

const NAMES = ["one", "two", "three", "four", "five"];
const PORT = 7000;
const HEARTBEAT = 0.05;

type Message = { kind: "vote for me" | "my vote" | "I lead"; term: number; from: string };

/** The state that a member keeps over a crash, as on a disk. */
interface Kept {
  term: number;
  votedFor: string | null;
}

/** The claims of the members, which the test checks. */
interface Claims {
  /** The leaders of each term. */
  leaders: Map<number, Set<string>>;
  /** The leader that each member has accepted. */
  believed: Map<string, string>;
}

/** One member of the group. */
class Member {
  #votes = new Set<string>();
  #role: "follower" | "candidate" | "leader" = "follower";

  constructor(
    readonly name: string,
    readonly sock: Socket,
    readonly context: ProgramContext,
    readonly claims: Claims,
    readonly kept: Kept,
  ) {}

  #tell(to: string[], kind: Message["kind"]): Promise<unknown> {
    const message = JSON.stringify({ kind, term: this.kept.term, from: this.name });
    return Promise.all(to.map((name) => this.sock.sendto(message, [name, PORT] as Address)));
  }

  get #others(): string[] {
    return NAMES.filter((name) => name !== this.name);
  }

  async run(): Promise<never> {
    for (;;) {
      // A leader sends "I lead" at intervals. The others wait for it, each for a different time.
      const patience = this.#role === "leader" ? HEARTBEAT : 0.15 + 0.15 * this.context.random();
      if (await this.#receiveUntil(this.context.time() + patience)) continue;
      if (this.#role === "leader") await this.#tell(this.#others, "I lead");
      else await this.#stand();
    }
  }

  /** Receives messages until a deadline. Returns whether one of a current term has arrived. */
  async #receiveUntil(deadline: number): Promise<boolean> {
    for (;;) {
      this.sock.settimeout(Math.max(deadline - this.context.time(), 0.001));
      try {
        if (await this.#hear(JSON.parse(new TextDecoder().decode(await this.sock.recv(200))))) return true;
      } catch (error) {
        if (!(error instanceof this.context.socket.TimeoutError)) throw error;
        return false;
      }
    }
  }

  /** Asks for votes, in a new term. */
  async #stand(): Promise<void> {
    this.kept.term++;
    this.#role = "candidate";
    this.kept.votedFor = this.name;
    this.#votes = new Set([this.name]);
    await this.#tell(this.#others, "vote for me");
  }

  /** Handles a message. Returns false for an old term, or for a request when it has already voted for another member. */
  async #hear({ kind, term, from }: Message): Promise<boolean> {
    if (term < this.kept.term) return false;
    if (term > this.kept.term) {
      this.kept.term = term;
      this.#role = "follower";
      this.kept.votedFor = null;
    }
    if (kind === "vote for me") {
      if (this.kept.votedFor !== null && this.kept.votedFor !== from) return false;
      this.kept.votedFor = from;
      await this.#tell([from], "my vote");
    } else if (kind === "my vote" && this.#role === "candidate") {
      this.#votes.add(from);
      if (this.#votes.size <= NAMES.length / 2) return true;
      this.#role = "leader";
      this.#claim(this.name);
      await this.#tell(this.#others, "I lead");
    } else if (kind === "I lead") {
      this.#role = "follower";
      this.claims.believed.set(this.name, from);
    }
    return true;
  }

  #claim(leader: string): void {
    const { leaders, believed } = this.claims;
    if (!leaders.has(this.kept.term)) leaders.set(this.kept.term, new Set());
    leaders.get(this.kept.term)!.add(leader);
    believed.set(leader, leader);
    if (leaders.get(this.kept.term)!.size > 1) {
      throw new Error(`term ${this.kept.term} has two leaders: ${[...leaders.get(this.kept.term)!].join(" and ")}`);
    }
  }
}

const link = { latency: 0.01, jitter: 0.02, loss: 0.05 };
const result = await explore({ seeds, link, limit: 100 }, async (net) => {
  const claims: Claims = { leaders: new Map(), believed: new Map() };
  for (const name of NAMES) {
    const disk: Kept = { term: 0, votedFor: null };
    net.host(name).serve((context) => {
      const sock = context.socket.socket(context.socket.AF_INET, context.socket.SOCK_DGRAM);
      sock.bind(["", PORT]);
      return new Member(name, sock, context, claims, first ? { term: 0, votedFor: null } : disk).run();
    });
  }
  for (let round = 0; round < 10; round++) {
    const [a, b, ...rest] = NAMES.toSorted(() => net.random() - 0.5);
    net.partition([a, b], rest, { oneWay: net.random() < 0.3 });
    for (const name of NAMES) {
      await net.sleep(0.2 * net.random());
      // It runs again at once, with the state that it kept.
      if (net.random() < 0.3) net.host(name).restart();
    }
    net.heal([a, b], rest);
    await net.sleep(net.random());
  }
  // Without faults they agree after a while. The limit ends a run in which they do not.
  while (new Set(NAMES.map((name) => claims.believed.get(name))).size > 1) await net.sleep(0.1);
}).catch((error) => {
  const run = failedRun(error);
  console.log(error.message);
  if (run === undefined) throw error;
  console.log(`seed ${run.seed} repeats it; its last packets:`);
  for (const { time, from, to, data, fate } of run.packets.slice(-8)) {
    console.log(`${time.toFixed(4)} ${from} to ${to}, ${fate}: ${new TextDecoder().decode(data)}`);
  }
});
if (result !== undefined) {
  console.log(
    `${result.runs} seeds, ${result.time.toFixed(0)} virtual seconds: one leader a term, and all agree at the end`,
  );
}
