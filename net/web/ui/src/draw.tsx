// Own pictures where a library would be heavier: bars, points, parallel lines, a map of islands, a tree.
import { useEffect, useRef, useState } from "preact/hooks";
import { theme, use } from "./store.ts";
import { mix, palette } from "./theme.ts";
import { figure, short } from "./format.ts";

/** useWidth is the width of an element, and a reference to it. */
export function useWidth(first = 640): [number, { current: HTMLDivElement | null }] {
  const at = useRef<HTMLDivElement>(null);
  const [width, set] = useState(first);
  useEffect(() => {
    const watch = new ResizeObserver(() => at.current && set(Math.max(200, at.current.clientWidth)));
    if (at.current) watch.observe(at.current);
    return () => watch.disconnect();
  }, []);
  return [width, at];
}

/** ticks are round numbers between the ends, at most n + 1. */
export function ticks(low: number, high: number, n: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  let step = 10 ** Math.floor(Math.log10(span / n));
  for (const f of [1, 2, 5, 10])
    if (span / (step * f) <= n) {
      step *= f;
      break;
    }
  const out: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) out.push(i * step + 0);
  return out;
}

export interface Bar {
  name: string;
  value: number;
  note?: string;
  colour?: string;
}

/** Bars are lying ones, with their names to the left; a click chooses one. */
export function Bars({ bars, onPick }: { bars: Bar[]; onPick?: (name: string) => void }) {
  use(theme);
  const [width, at] = useWidth();
  const p = palette();
  const row = 24;
  const left = Math.min(190, 20 + 7 * Math.max(4, ...bars.map((b) => b.name.length)));
  const most = Math.max(1e-12, ...bars.map((b) => b.value));
  return (
    <div ref={at}>
      <svg width={width} height={bars.length * row + 6} role="img" aria-label="bars">
        {bars.map((b, i) => (
          <g key={b.name} class={onPick ? "pick" : ""} onClick={() => onPick?.(b.name)}>
            <rect x="0" y={i * row} width={width} height={row} fill="transparent" />
            <text x={left - 8} y={i * row + 16} text-anchor="end" font-size="12" fill={p.text}>
              {b.name.length > 24 ? b.name.slice(0, 23) + "…" : b.name}
            </text>
            <rect x={left} y={i * row + 4} width={Math.max(1, ((width - left - 130) * b.value) / most)} height={row - 9} rx="3" fill={b.colour ?? p.series[0]} />
            <text x={left + Math.max(1, ((width - left - 130) * b.value) / most) + 6} y={i * row + 16} font-size="11" fill={p.soft}>
              {b.note ?? figure(b.value)}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

interface Axis {
  low: number;
  high: number;
  name: string;
  levels?: string[] | null | undefined;
}

/** Scatter draws many points on a canvas: x and y in [0, 1] of their axes. */
export function Scatter({ x, y, xAxis, yAxis, height = 320 }: { x: ArrayLike<number>; y: ArrayLike<number>; xAxis: Axis; yAxis: Axis; height?: number }) {
  const look = use(theme);
  const [width, at] = useWidth();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const c = canvas.current!;
    const g = begin(c, width, height);
    const p = palette();
    const [l, r, t, b] = [64, 12, 10, 40];
    const [w, h] = [width - l - r, height - t - b];
    g.font = "11px system-ui, sans-serif";
    g.strokeStyle = p.grid;
    g.fillStyle = p.soft;
    g.textAlign = "right";
    for (const v of ticks(yAxis.low, yAxis.high, 5)) {
      const py = t + h - ((v - yAxis.low) / (yAxis.high - yAxis.low || 1)) * h;
      line(g, l, py, l + w, py);
      g.fillText(figure(v), l - 6, py + 4);
    }
    g.textAlign = "center";
    // Words have room to both sides, numbers go from end to end.
    const between = xAxis.high - xAxis.low;
    const place = (share: number) => (xAxis.levels ? (share * between + 0.5) / (between + 1) : share);
    const marks = xAxis.levels ? xAxis.levels.map((_, i) => i) : ticks(xAxis.low, xAxis.high, Math.max(4, Math.floor(width / 90)));
    for (const v of marks) {
      const px = l + place((v - xAxis.low) / (xAxis.high - xAxis.low || 1)) * w;
      line(g, px, t + h, px, t + h + 4);
      g.fillText(xAxis.levels ? (xAxis.levels[v] ?? "") : figure(v), px, t + h + 16);
    }
    g.fillText(xAxis.name, l + w / 2, height - 6);
    g.fillStyle = p.series[0]!;
    g.globalAlpha = Math.min(0.7, 400 / Math.max(400, x.length) + 0.12);
    const size = x.length > 4000 ? 2 : 3;
    for (let i = 0; i < x.length; i++) {
      // Words stand in a row each: their points are spread a little, by their own number.
      const spread = xAxis.levels ? ((((i * 2654435761) >>> 8) % 1000) / 1000 - 0.5) * Math.min(40, w / (xAxis.levels.length + 1) / 1.6) : 0;
      g.fillRect(l + place(x[i]!) * w - size / 2 + spread, t + h - y[i]! * h - size / 2, size, size);
    }
    g.globalAlpha = 1;
  }, [width, height, x, y, look]);
  return (
    <div ref={at}>
      <canvas ref={canvas} role="img" aria-label={`${yAxis.name} by ${xAxis.name}`} />
    </div>
  );
}

function begin(c: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const scale = devicePixelRatio || 1;
  c.width = Math.round(width * scale);
  c.height = Math.round(height * scale);
  c.style.width = `${width}px`;
  c.style.height = `${height}px`;
  const g = c.getContext("2d")!;
  g.scale(scale, scale);
  return g;
}

function line(g: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  g.beginPath();
  g.moveTo(x1, y1);
  g.lineTo(x2, y2);
  g.stroke();
}

export interface ParallelAxis {
  name: string;
  low: number;
  high: number;
  log: boolean;
  levels: string[] | null;
}

/** Parallel draws trials as lines through axes, the score's first; dragging along an axis keeps the trials there. */
export function Parallel({ axes, columns, height = 380 }: { axes: ParallelAxis[]; columns: ArrayLike<number>[]; height?: number }) {
  const look = use(theme);
  const [width, at] = useWidth();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [kept, keep] = useState<Record<number, [number, number]>>({});
  const drag = useRef<{ axis: number; from: number } | null>(null);
  const [t, b, side] = [34, 26, 46];
  const place = (i: number) => side + (i * (width - 2 * side)) / Math.max(1, axes.length - 1);
  const value = (py: number) => Math.max(0, Math.min(254, 254 * (1 - (py - t) / (height - t - b))));
  useEffect(() => {
    const g = begin(canvas.current!, width, height);
    const p = palette();
    const n = columns[0]?.length ?? 0;
    const y = (v: number) => (v === 255 ? height - b + 12 : t + (1 - v / 254) * (height - t - b));
    const passes = (k: number) => Object.entries(kept).every(([i, [low, high]]) => columns[+i]![k]! >= low && columns[+i]![k]! <= high);
    const some = Object.keys(kept).length > 0;
    for (const front of some ? [false, true] : [true]) {
      for (let k = 0; k < n; k++) {
        if (passes(k) !== front && some) continue;
        const share = (columns[0]![k]! / 254) ** 2;
        g.strokeStyle = front ? mix(look === "dark" ? "#3a4650" : "#c3ccd3", p.series[1]!, share) : p.grid;
        g.globalAlpha = front ? 0.15 + 0.6 * share : 0.25;
        g.beginPath();
        for (let i = 0; i < axes.length; i++) g[i ? "lineTo" : "moveTo"](place(i), y(columns[i]![k]!));
        g.stroke();
      }
    }
    g.globalAlpha = 1;
    g.font = "11px system-ui, sans-serif";
    axes.forEach((a, i) => {
      g.strokeStyle = p.soft;
      line(g, place(i), t, place(i), height - b);
      g.textAlign = i === 0 ? "left" : i === axes.length - 1 ? "right" : "center";
      const px = i === 0 ? 2 : i === axes.length - 1 ? width - 2 : place(i);
      g.fillStyle = p.text;
      const room = Math.max(6, Math.floor((width / axes.length) / 6.2));
      g.fillText(a.name.length > room ? a.name.slice(0, room - 1) + "…" : a.name, px, 12);
      g.fillStyle = p.soft;
      const ends = a.levels ? [a.levels[a.high] ?? "", a.levels[a.low] ?? ""] : [figure(a.high, 3), figure(a.low, 3)];
      g.fillText(ends[0]! + (a.log ? " log" : ""), px, 26);
      g.fillText(ends[1]!, px, height - 2);
      const range = kept[i];
      if (range) {
        g.fillStyle = p.series[0]!;
        g.globalAlpha = 0.35;
        g.fillRect(place(i) - 6, y(range[1]), 12, y(range[0]) - y(range[1]));
        g.globalAlpha = 1;
      }
    });
  }, [width, height, columns, kept, look]);
  const axisAt = (e: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    const i = axes.findIndex((_, i) => Math.abs(place(i) - (e.clientX - box.left)) < 14);
    return { i, v: value(e.clientY - box.top) };
  };
  return (
    <div ref={at}>
      <canvas
        ref={canvas}
        role="img"
        aria-label="parallel coordinates"
        onPointerDown={(e) => {
          const { i, v } = axisAt(e);
          if (i >= 0) drag.current = { axis: i, from: v };
        }}
        onPointerUp={(e) => {
          const d = drag.current;
          drag.current = null;
          if (!d) return;
          const { v } = axisAt(e);
          const next = { ...kept };
          if (Math.abs(v - d.from) < 4) delete next[d.axis];
          else next[d.axis] = [Math.min(v, d.from), Math.max(v, d.from)];
          keep(next);
        }}
      />
    </div>
  );
}

export interface Node {
  id: string;
  label: string;
  self: boolean;
  connected: boolean;
  champion: boolean;
}

/** IslandMap shows nodes on a circle, and how many migrants went between them. */
export function IslandMap({ nodes, ways }: { nodes: Node[]; ways: { from: string; to: string; migrants: number; accepted: number }[] }) {
  use(theme);
  const [width, at] = useWidth();
  const p = palette();
  const height = Math.min(460, Math.max(280, width * 0.6));
  const [cx, cy, r] = [width / 2, height / 2, Math.min(width, height) / 2 - 54];
  const where = new Map(nodes.map((n, i) => [n.id, nodes.length === 1 ? [cx, cy] : [cx + r * Math.cos((2 * Math.PI * i) / nodes.length - Math.PI / 2) * (width > 1.3 * height ? 1.5 : 1), cy + r * Math.sin((2 * Math.PI * i) / nodes.length - Math.PI / 2)]] as const));
  const most = Math.max(1, ...ways.map((w) => w.migrants));
  return (
    <div ref={at}>
      <svg width={width} height={height} role="img" aria-label="islands and migrations">
        <defs>
          <marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" markerUnits="userSpaceOnUse">
            <path d="M0 0 8 4 0 8z" fill={p.series[0]} />
          </marker>
        </defs>
        {ways.map((w) => {
          const [a, b] = [where.get(w.from), where.get(w.to)];
          if (!a || !b || w.from === w.to) return null;
          const [dx, dy] = [b[0]! - a[0]!, b[1]! - a[1]!];
          const d = Math.hypot(dx, dy) || 1;
          const [ox, oy] = [(-dy / d) * 22, (dx / d) * 22];
          const start = [a[0]! + (dx / d) * 22, a[1]! + (dy / d) * 22];
          const end = [b[0]! - (dx / d) * 24, b[1]! - (dy / d) * 24];
          const mid = [(a[0]! + b[0]!) / 2 + ox, (a[1]! + b[1]!) / 2 + oy];
          return (
            <g key={w.from + w.to}>
              <path d={`M${start[0]} ${start[1]}Q${mid[0]} ${mid[1]} ${end[0]} ${end[1]}`} fill="none" stroke={p.series[0]} stroke-width={1 + (3 * w.migrants) / most} stroke-opacity="0.7" marker-end="url(#to)">
                <title>{`${short(w.from)} → ${short(w.to)}: ${w.migrants} migrants, ${w.accepted} let in`}</title>
              </path>
              <text x={mid[0]! + ox * 0.15} y={mid[1]! + oy * 0.15 + 4} text-anchor="middle" font-size="11" fill={p.soft}>
                {w.accepted}/{w.migrants}
              </text>
            </g>
          );
        })}
        {nodes.map((n) => {
          const [x, y] = where.get(n.id)!;
          return (
            <g key={n.id}>
              <circle cx={x} cy={y} r="17" fill={n.self ? p.series[0] : n.connected ? p.series[2] : p.grid} stroke={n.champion ? p.series[1] : p.ground} stroke-width="3">
                <title>{n.id}</title>
              </circle>
              <text x={x} y={y! + (y! < cy - 4 ? -24 : 33)} text-anchor="middle" font-size="12" fill={p.text}>
                {n.label}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}

export interface Kin {
  id: string;
  label: string;
  title: string;
  parents: string[];
  depth: number;
  score: number | null;
}

/** Family is a tree of descent: the youngest to the left, its parents to the right. */
export function Family({ kin, onPick }: { kin: Kin[]; onPick?: (id: string) => void }) {
  use(theme);
  const [width, at] = useWidth();
  const p = palette();
  const levels: Kin[][] = [];
  for (const k of kin) (levels[k.depth] ??= []).push(k);
  const tall = Math.max(1, ...levels.map((l) => l?.length ?? 0));
  const height = Math.max(140, Math.min(620, tall * 40 + 30));
  const step = Math.max(110, (width - 130) / Math.max(1, levels.length - 1));
  const wide = Math.max(width, step * Math.max(0, levels.length - 1) + 130);
  const scores = kin.map((k) => k.score).filter((s): s is number => s !== null);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const where = new Map<string, [number, number]>();
  levels.forEach((l, d) => l.forEach((k, i) => where.set(k.id, [60 + d * step, ((i + 0.5) * height) / l.length])));
  return (
    <div class="scroll" ref={at}>
      <svg width={wide} height={height} role="img" aria-label="family tree">
        {kin.flatMap((k) =>
          k.parents.map((parent) => {
            const [a, b] = [where.get(k.id)!, where.get(parent)];
            if (!b) return null;
            return <path key={k.id + parent} d={`M${a[0]} ${a[1]}C${a[0] + step / 2} ${a[1]} ${b[0] - step / 2} ${b[1]} ${b[0]} ${b[1]}`} fill="none" stroke={p.soft} stroke-opacity="0.5" stroke-width="1.2" />;
          }),
        )}
        {kin.map((k) => {
          const [x, y] = where.get(k.id)!;
          const share = k.score === null || !(high > low) ? 0.5 : (k.score - low) / (high - low);
          return (
            <g key={k.id} class={onPick ? "pick" : ""} onClick={() => onPick?.(k.id)}>
              <title>{k.title}</title>
              <circle cx={x} cy={y} r="7" fill={mix(theme.get() === "dark" ? "#44525d" : "#c9d2d8", p.series[1]!, share)} stroke={p.ground} />
              <text x={x} y={y - 11} text-anchor="middle" font-size="10.5" fill={p.text}>
                {k.label}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}

/** Matrix is a table of counts by colour: rows are what is, columns what was said. */
export function Matrix({ names, counts }: { names: string[]; counts: number[][] }) {
  use(theme);
  const [width, at] = useWidth();
  const p = palette();
  const left = Math.min(160, 20 + 7 * Math.max(...names.map((n) => n.length)));
  const size = Math.max(26, Math.min(64, (width - left - 20) / names.length));
  return (
    <div class="scroll" ref={at}>
      <svg width={left + size * names.length + 10} height={30 + size * names.length} role="img" aria-label="confusion">
        {names.map((n, i) => (
          <text key={n} x={left + (i + 0.5) * size} y="18" text-anchor="middle" font-size="11" fill={p.soft}>
            {n.slice(0, 9)}
          </text>
        ))}
        {counts.map((row, i) => {
          const sum = row.reduce((a, b) => a + b, 0) || 1;
          return (
            <g key={i}>
              <text x={left - 8} y={30 + (i + 0.6) * size} text-anchor="end" font-size="11" fill={p.soft}>
                {names[i]}
              </text>
              {row.map((c, j) => (
                <g key={j}>
                  <rect x={left + j * size + 1} y={28 + i * size} width={size - 2} height={size - 2} rx="3" fill={mix(p.grid, i === j ? p.series[2]! : p.series[1]!, c / sum)} />
                  <text x={left + (j + 0.5) * size} y={30 + (i + 0.6) * size} text-anchor="middle" font-size="12" fill={c / sum > 0.6 && theme.get() === "light" ? "#ffffff" : p.text}>
                    {c}
                  </text>
                </g>
              ))}
            </g>
          );
        })}
      </svg>
    </div>
  );
}
