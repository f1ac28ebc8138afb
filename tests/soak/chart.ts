// Draws samples over time as an SVG: panels one below the other, time to the right.

/** One panel: its title, and a value for each sample. */
export interface Panel {
  title: string;
  values: number[];
}

const WIDTH = 800;
const HEIGHT = 140;
const MARGIN = { left: 70, right: 20, top: 34, bottom: 22 };

const round = (value: number): string => value >= 100 ? value.toFixed(0) : value.toFixed(1);

function panel({ title, values }: Panel, index: number, seconds: number): string {
  const top = index * HEIGHT + MARGIN.top;
  const bottom = (index + 1) * HEIGHT - MARGIN.bottom;
  const right = WIDTH - MARGIN.right;
  const most = Math.max(...values, 1);
  const x = (i: number) => MARGIN.left + (right - MARGIN.left) * i / Math.max(values.length - 1, 1);
  const y = (value: number) => bottom - (bottom - top) * value / most;
  const points = values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return `
  <text x="${MARGIN.left}" y="${top - 10}" font-weight="bold">${title}</text>
  <path d="M${MARGIN.left} ${top}V${bottom}H${right}" fill="none" stroke="#999"/>
  <text x="${MARGIN.left - 6}" y="${top + 5}" text-anchor="end">${round(most)}</text>
  <text x="${MARGIN.left - 6}" y="${bottom}" text-anchor="end">0</text>
  <text x="${right}" y="${bottom + 16}" text-anchor="end">${round(seconds / 60)} min</text>
  <polyline points="${points}" fill="none" stroke="#2563eb" stroke-width="1.5"/>`;
}

/** Draws the panels of a run of this many seconds. */
export function draw(panels: Panel[], seconds: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT * panels.length}" \
font-family="sans-serif" font-size="12">
  <rect width="100%" height="100%" fill="white"/>${panels.map((one, i) => panel(one, i, seconds)).join("")}
</svg>
`;
}
