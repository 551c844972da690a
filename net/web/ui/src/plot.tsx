// A plot of lines by uPlot: zoom by dragging, back by a double click, the marked run in front.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "preact/hooks";
import { marked, theme, use } from "./store.ts";
import { colour, palette } from "./theme.ts";
import { figure } from "./format.ts";

export interface Line {
  name: string;
  /** the experiment that it belongs to, for marking. */
  run?: string;
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  colour?: string;
  dashed?: boolean;
  points?: boolean;
  steps?: boolean;
  faint?: boolean;
  width?: number;
}

export interface Band {
  x: ArrayLike<number>;
  low: ArrayLike<number>;
  high: ArrayLike<number>;
  name: string;
}

export interface PlotProps {
  lines: Line[];
  band?: Band | undefined;
  height?: number;
  xName: string;
  yName: string;
  /** names of places of the x axis, by number. */
  ticks?: string[] | undefined;
  /** x is seconds since 1970. */
  time?: boolean;
  logY?: boolean;
  yRange?: [number, number];
  /** the range that is asked for: the lines come anew for it. */
  range?: [number, number] | undefined;
  onZoom?: (from: number, to: number) => void;
  onReset?: () => void;
  legend?: boolean;
}

const list = (a: ArrayLike<number>): number[] => Array.from(a, (v) => (Number.isFinite(v) ? v : (null as unknown as number)));

export function Plot(props: PlotProps) {
  const at = useRef<HTMLDivElement>(null);
  const made = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const look = use(theme);
  const run = use(marked);
  // What makes another picture; new numbers alone do not.
  const shape = JSON.stringify([look, props.lines.map((l) => [l.name, l.run, l.dashed, l.points, l.steps, l.faint, l.colour]), props.band?.name, props.xName, props.yName, props.time, props.logY, props.ticks?.length, props.height]);

  useEffect(() => {
    const element = at.current!;
    const p = new uPlot(options(latest, element.clientWidth), aligned(latest.current), element);
    made.current = p;
    const watch = new ResizeObserver(() => p.setSize({ width: element.clientWidth, height: latest.current.height ?? 260 }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      p.destroy();
      made.current = null;
    };
  }, [shape]);

  useEffect(() => {
    const p = made.current;
    if (!p) return;
    p.setData(aligned(props), true);
    if (props.range) p.setScale("x", { min: props.range[0], max: props.range[1] });
  }, [props.lines, props.band, props.range?.[0], props.range?.[1]]);

  useEffect(() => {
    const p = made.current;
    if (!p) return;
    let any = false;
    props.lines.forEach((l, i) => {
      const s = p.series[i + 1] as uPlot.Series & { wide?: number };
      const on = run !== "" && l.run === run;
      any ||= on;
      s.width = on ? 3.2 : (l.width ?? 1.6);
      s.alpha = run === "" || on || !l.run ? (l.faint ? 0.5 : 1) : 0.25;
    });
    p.redraw(false);
  }, [run, props.lines]);

  return <div class="plot" ref={at} role="img" aria-label={`${props.yName} by ${props.xName}`} />;
}

function aligned(props: PlotProps): uPlot.AlignedData {
  const tables: uPlot.AlignedData[] = props.lines.map((l) => [list(l.x), list(l.y)] as uPlot.AlignedData);
  if (props.band) tables.push([list(props.band.x), list(props.band.low), list(props.band.high)] as uPlot.AlignedData);
  if (tables.length === 0) return [[]];
  if (tables.length === 1) return tables[0]!;
  return uPlot.join(tables);
}

/** clock shows moments as hours and minutes, the date with the first and after midnight, seconds where they differ. */
function clock(at: number[]): string[] {
  const two = (n: number) => String(n).padStart(2, "0");
  const fine = at.length > 1 && at[1]! - at[0]! < 60;
  let day = "";
  return at.map((v) => {
    const d = new Date(v * 1000);
    const date = `${d.getMonth() + 1}-${two(d.getDate())}`;
    const time = `${two(d.getHours())}:${two(d.getMinutes())}${fine ? ":" + two(d.getSeconds()) : ""}`;
    const coarse = at.length > 1 && at[1]! - at[0]! >= 86400;
    if (coarse) return date;
    const first = date !== day;
    day = date;
    return first ? `${time}\n${date}` : time;
  });
}

function options(latest: { current: PlotProps }, width: number): uPlot.Options {
  const props = latest.current;
  const p = palette();
  const axis: uPlot.Axis = { stroke: p.soft, grid: { stroke: p.grid, width: 1 }, ticks: { stroke: p.grid, width: 1 }, font: "11px system-ui, sans-serif", labelFont: "11px system-ui, sans-serif" };
  const series: uPlot.Series[] = [{ label: props.xName, value: (_, v) => (props.ticks ? (props.ticks[v] ?? "–") : props.time ? (v ? new Date(v * 1000).toLocaleTimeString("en-GB") : "–") : figure(v)) }];
  props.lines.forEach((l, i) => {
    const c = l.colour ?? colour(i);
    const s: uPlot.Series = {
      label: l.name,
      stroke: c,
      width: l.width ?? 1.6,
      alpha: l.faint ? 0.5 : 1,
      spanGaps: false,
      value: (_, v) => figure(v),
      points: l.points ? { show: true, size: 5, fill: c, width: 0 } : { show: l.x.length < 3 },
    };
    if (l.dashed) s.dash = [5, 4];
    if (l.points) s.paths = () => null;
    else if (l.steps) s.paths = uPlot.paths.stepped!({ align: 1 });
    series.push(s);
  });
  const bands: uPlot.Band[] = [];
  if (props.band) {
    const n = series.length;
    const c = colour(0);
    series.push(
      { label: props.band.name + " low", stroke: c + "55", width: 1, spanGaps: true, points: { show: false }, value: (_, v) => figure(v) },
      { label: props.band.name + " high", stroke: c + "55", width: 1, spanGaps: true, points: { show: false }, value: (_, v) => figure(v) },
    );
    bands.push({ series: [n + 1, n], fill: c + "22" });
  }
  return {
    width: Math.max(120, width),
    height: props.height ?? 260,
    padding: [8, 12, 0, 0],
    series,
    bands,
    legend: { show: props.legend ?? true, live: true },
    cursor: { drag: { x: true, y: false }, focus: { prox: 24 }, points: { size: 6 } },
    focus: { alpha: 1 },
    scales: { x: { time: props.time ?? false }, y: props.logY ? { distr: 3 } : props.yRange ? { range: props.yRange } : {} },
    axes: [
      { ...axis, size: props.time ? 46 : 26, ...(props.time || !props.xName ? {} : { label: props.xName, labelSize: 16 }), ...(props.time ? { values: (_: uPlot, at: number[]) => clock(at) } : {}), ...(props.ticks ? { values: (_: uPlot, at: number[]) => at.map((v) => (Number.isInteger(v) ? (latest.current.ticks?.[v] ?? "") : "")) } : {}) },
      { ...axis, size: 62, label: props.yName, labelSize: 16, values: (_, at) => at.map((v) => (v === null ? "" : figure(v))) },
    ],
    hooks: {
      setSelect: [
        (u) => {
          if (u.select.width < 4 || !latest.current.onZoom) return;
          latest.current.onZoom(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
        },
      ],
      setSeries: [(_, i) => marked.set(i ? (latest.current.lines[i - 1]?.run ?? "") : "")],
      init: [
        (u) => {
          u.over.addEventListener("dblclick", () => latest.current.onReset?.());
          u.over.addEventListener("mouseleave", () => marked.set(""));
        },
      ],
    },
  };
}
