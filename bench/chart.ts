// The chart of ratios, as plain SVG.
//
//   deno run --allow-read bench/chart.ts bench/results/latest.json > chart.svg

import { ratio, type Row } from "./rows.ts";

/** The peers in the chart besides Deno's own API, which is the line at 1. */
const PEERS: [id: string, title: string, light: string, dark: string][] = [
  ["default", "this module", "#1f6feb", "#4c9bff"],
  ["native", "this module, native", "#0a3069", "#a5d0ff"],
  ["node", "Node", "#2da44e", "#56d364"],
  ["asyncio", "CPython asyncio", "#bf8700", "#e3b341"],
  ["py-epoll", "CPython epoll", "#953800", "#f0883e"],
  ["c", "C with epoll", "#8c959f", "#8b949e"],
];

/** The workloads in the chart, each in the placement in which the program under test limits the run. */
const WORKLOADS: [name: string, placement: string, title: string][] = [
  ["echo1", "shared", "echo, 1 connection"],
  ["echo64", "alone", "echo, 64 connections"],
  ["echo512", "alone", "echo, 512 connections"],
  ["receive", "shared", "bulk receive"],
  ["send", "alone", "bulk send"],
  ["client1", "shared", "client, 1 connection"],
  ["client32", "alone", "client, 32 connections"],
  ["accept", "alone", "connections accepted"],
  ["udp", "alone", "UDP echo"],
];

const WIDTH = 760;
const LEFT = 170;
const RIGHT = 60;
const BAR = 11;
const GAP = 14;
const TOP = 78;

/** One workload in the chart. */
interface Drawn {
  title: string;
  bars: { id: string; i: number; value: number }[];
}

function drawnOf(rows: Row[]): Drawn[] {
  return WORKLOADS.flatMap(([name, placement, title]) => {
    const row = rows.find((row) => row.name === name && row.placement === placement) ??
      rows.find((row) => row.name === name);
    if (!row) return [];
    const bars = PEERS.map(([id], i) => ({ id, i, value: ratio(row, id, "deno") })).filter(({ value }) =>
      Number.isFinite(value)
    );
    return bars.length ? [{ title, bars }] : [];
  });
}

/** The content of the chart in words, as its alternative text. */
export function describeChart(rows: Row[], peers: string[] = PEERS.map(([id]) => id)): string {
  const lines = drawnOf(rows).map(({ title, bars }) => {
    const told = bars.filter(({ id }) => peers.includes(id));
    return `${title}: ${
      told.map(({ i, value }) => `${PEERS[i][1].replace("this module, ", "")} ${value.toFixed(2)}`).join(", ")
    }`;
  });
  return `Speed relative to the same program on Deno's own API. ${lines.join("; ")}.`;
}

/** Draws how many times as fast as Deno's own API each peer is. */
export function drawChart(rows: Row[]): string {
  const drawn = drawnOf(rows);
  const most = Math.max(1, ...drawn.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const step = most > 4 ? 1 : 0.5;
  const end = Math.ceil(most / step) * step;
  const x = (value: number) => LEFT + value / end * (WIDTH - LEFT - RIGHT);

  const body: string[] = [];
  let y = TOP;
  for (const { title, bars } of drawn) {
    const height = bars.length * BAR;
    body.push(`<text x="${LEFT - 10}" y="${y + height / 2 + 4}" text-anchor="end">${title}</text>`);
    for (const { id, i, value } of bars) {
      const width = (x(value) - LEFT).toFixed(1);
      body.push(
        `<rect class="p${i}" x="${LEFT}" y="${y}" width="${width}" height="${BAR - 2}"><title>${PEERS[i][1]}: ${
          value.toFixed(2)
        }</title></rect>`,
      );
      const strong = id === "default" || id === "native" ? "own" : "note";
      // An outline in the colour of the page, so that lines behind the text do not cross it.
      body.push(
        `<text class="value ${strong}" x="${(x(value) + 4).toFixed(1)}" y="${y + BAR - 3}">${value.toFixed(2)}</text>`,
      );
      y += BAR;
    }
    y += GAP;
  }
  const bottom = y;

  const grid: string[] = [];
  for (let value = 0; value <= end + 1e-9; value += step) {
    const at = x(value).toFixed(1);
    const kind = value === 1 ? "one" : "grid";
    grid.push(`<line class="${kind}" x1="${at}" x2="${at}" y1="${TOP - 6}" y2="${bottom}"/>`);
    grid.push(`<text class="note" x="${at}" y="${bottom + 14}" text-anchor="middle">${value}</text>`);
  }
  const shown = PEERS.map((peer, i) => ({ title: peer[1], i })).filter(({ i }) =>
    drawn.some(({ bars }) => bars.some((bar) => bar.i === i))
  );
  let at = 16;
  const legend = shown.map(({ title, i }) => {
    const item = `<rect class="p${i}" x="${at}" y="46" width="10" height="10"/><text x="${
      at + 15
    }" y="55">${title}</text>`;
    at += 32 + title.length * 6.4;
    return item;
  });
  const colours = (shade: 2 | 3) => PEERS.map((peer, i) => `.p${i}{fill:${peer[shade]}}`).join("");

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${
    bottom + 24
  }" width="${WIDTH}" role="img" aria-label="${describeChart(rows)}">
<style>
text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}.note{font-size:10px;fill:#59636e}.own{font-size:10px;font-weight:600}
.value{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}.page{fill:#fff}.grid{stroke:#d1d9e0}.one{stroke:#1f2328;stroke-width:1.5}${
    colours(2)
  }
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1}.value{stroke:#0d1117}.page{fill:#0d1117}.grid{stroke:#3d444d}.one{stroke:#e6edf3}${
    colours(3)
  }}
</style>
<rect class="page" width="100%" height="100%" rx="6"/>
<text class="title" x="16" y="26">Speed relative to the same program on Deno's own API (the line at 1); longer is faster</text>
${legend.join("\n")}
${grid.join("\n")}
${body.join("\n")}
</svg>
`;
}

if (import.meta.main) {
  console.log(drawChart(JSON.parse(await Deno.readTextFile(Deno.args[0])).rows));
}
