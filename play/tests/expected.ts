// What the text of each lesson promises: the lines that its programs print, and other effects.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { packets, socketsOverTime } from "./_browser.ts";

export interface Expected {
  /** How the run ends. */
  end: "ended" | "waiting";
  /** The lines of each host in English. A RegExp where the simulator chooses a number. */
  lines: Record<string, (string | RegExp)[]>;
  /** Checks packets and sockets. */
  look?(page: Page): Promise<void>;
}

const has = (list: string[], wanted: RegExp) =>
  assert.ok(list.some((item) => wanted.test(item)), `${wanted} is not in\n${list.join("\n")}`);

const port = /call (from|is coming) \[ "10\.\S+", \d+ \]/;

export const EXPECTED: Record<string, Expected> = {
  echo: {
    end: "ended",
    lines: { server: ["waiting for a call", port, "the client has hung up"], client: ["recv: hello"] },
    async look(page) {
      const [first, second, third] = await packets(page);
      assert.match(first, /^0\.000 s, client to server: SYN/);
      assert.match(second, /^0\.020 s, server to client: SYN ACK/);
      assert.match(third, /^0\.040 s, client to server: ACK/);
    },
  },
  upper: {
    end: "ended",
    lines: {
      server: [port, "recv: 11 bytes", "recv: 13 bytes"],
      client: ["recv: HELLO WORLD", "5 characters", "13 bytes", "part: 世�", "rest: ��,你好"],
    },
  },
  loop: {
    end: "ended",
    lines: {
      server: ["listening....", port, "recv: hello", "recv: 世界,你好", "the client is gone"],
      client: [">>: hello", "recv: HELLO", ">>: 世界,你好", "recv: 世界,你好", ">>: exit"],
    },
  },
  "second-client": {
    end: "ended",
    lines: {
      server: [/^serving/, /^serving/],
      client1: ["connected", "recv: ONE", "recv: TWO", "recv: THREE", "closed"],
      client2: ["connected", "sent, now waiting", "recv: HELLO"],
    },
    async look(page) {
      const steps = await socketsOverTime(page);
      const busy = steps.find(({ time }) => time >= "1.000 s")!;
      has(busy.rows, /server tcp LISTEN 1 5/);
      has(busy.rows, /server tcp ESTAB 5 0/);
      const [time] = await page.locator(".program", { hasText: "client2" }).locator(".line", { hasText: "HELLO" })
        .locator(".time").allTextContents();
      assert.ok(Number(time) > 3 && Number(time) < 3.5, time);
    },
  },
  "several-clients": {
    end: "waiting",
    lines: {
      server: [/^serving/, /^serving/, /^gone/, /^gone/],
      client1: ["connected", "recv: ONE", "recv: TWO", "recv: THREE", "closed"],
      client2: ["connected", "sent, now waiting", "recv: HELLO"],
    },
    async look(page) {
      const [time] = await page.locator(".program", { hasText: "client2" }).locator(".line", { hasText: "HELLO" })
        .locator(".time").allTextContents();
      assert.ok(Number(time) < 0.7, time);
    },
  },
  select: {
    end: "waiting",
    lines: {
      server: [/^new/, /^new/, "left: 1", "left: 0"],
      client1: ["connected", "recv: ONE", "recv: TWO", "recv: THREE", "closed"],
      client2: ["connected", "sent, now waiting", "recv: HELLO"],
    },
    async look(page) {
      assert.match(await page.locator(".status").textContent() ?? "", /server waits at line 9/);
    },
  },
  backlog: {
    end: "ended",
    lines: {
      server: ["busy with something else", /^accepted/, /^accepted/, /^accepted/],
      client: [/^1 connected after 0\.0/, /^2 connected after 0\.1/, /^3 connected after 3\.2/],
    },
    async look(page) {
      const steps = await socketsOverTime(page);
      has(steps.flatMap(({ rows }) => rows), /server tcp LISTEN 2 1 /);
      has(await packets(page), /^1\.2\d\d s, client to server: SYN .*sent again/);
      has(await packets(page), /^3\.2\d\d s, client to server: SYN .*sent again/);
    },
  },
  udp: {
    end: "waiting",
    lines: {
      server: [/^hello \[/, /^你好 \[/],
      client: ["data: hello", /^ok \[ "10\.\S+", 9999 \]/, "data: 你好", /^ok/, "data: exit"],
    },
    async look(page) {
      assert.equal((await packets(page)).length, 4);
    },
  },
  robot: {
    end: "waiting",
    lines: {
      server: ["the call is over"],
      client: [
        "receive: 欢迎致电 10086,请输入1xxx,0转人工服务.",
        "please input: 1",
        "receive: 请重新输入.",
        "please input: 0",
        "receive: 通话可能会被录音.",
        "please input: exit",
      ],
    },
  },
  timeouts: {
    end: "ended",
    lines: {
      server: ["TimeoutError: timed out"],
      client: ["BlockingIOError [Errno 11] Resource temporarily unavailable", "TimeoutError timed out", "42"],
    },
  },
  connect_ex: {
    end: "waiting",
    lines: {
      server: [],
      client: ["listening: 0", "again: 106", "closed port: 111", "silent host: 11", "non-blocking: 115", "then: 0"],
    },
  },
  "half-close": {
    end: "ended",
    lines: { server: ["the client has said all"], client: ["sum: 42", "then 0 bytes"] },
    async look(page) {
      const rows = (await socketsOverTime(page)).flatMap(({ rows }) => rows);
      for (
        const state of [
          "client tcp FIN-WAIT-1",
          "client tcp FIN-WAIT-2",
          "server tcp CLOSE-WAIT",
          "client tcp TIME-WAIT",
        ]
      ) {
        has(rows, new RegExp(state));
      }
    },
  },
  refused: {
    end: "waiting",
    lines: {
      server: [],
      client: [
        "ConnectionRefusedError [Errno 111] Connection refused",
        "after 0.04 s",
        "TimeoutError timed out",
        "after 3 s",
        "TimeoutError [Errno 110] Connection timed out",
        "after 127 s",
      ],
    },
    async look(page) {
      const all = await packets(page);
      // The timeout of 3 s and the second repetition, at 3 s, may come in either order.
      const count = all.filter((packet) => /to silent: SYN.*cut off/.test(packet)).length;
      assert.ok(count === 2 + 7 || count === 3 + 7, `${count} SYNs`);
    },
  },
  "lost-syn": {
    end: "ended",
    lines: { server: [], client: ["connect took 1040 ms", "one took 240 ms", "two took 40 ms", "three took 240 ms"] },
    async look(page) {
      const all = await packets(page);
      assert.match(all[0], /SYN.*lost/);
      assert.match(all[1], /^1\.000 s, client to server: SYN.*sent again/);
    },
  },
  borders: {
    end: "ended",
    lines: { server1: ["onetwothree"], server2: ["one", "two", "three"], client: [] },
  },
  chat: {
    end: "waiting",
    lines: {
      server: [/^new: 10\./, /^new: 10\./],
      ann: ["ann> hello, is anyone here?", "bob: 你好", "ann> welcome", "bob: goodbye", "ann> exit", "left the chat"],
      bob: ["bob> 你好", "ann: hello, is anyone here?", "bob> goodbye", "ann: welcome", "bob> exit", "left the chat"],
    },
  },
};
