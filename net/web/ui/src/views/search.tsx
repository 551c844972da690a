// What this node's search has tried.
import { useEffect, useState } from "preact/hooks";
import { Card, Empty, Trouble } from "../card.tsx";
import { Bars, Family, Parallel, Scatter, type Kin, type ParallelAxis } from "../draw.tsx";
import { Plot, type Line } from "../plot.tsx";
import { Choice, Grid, Pages, type Head } from "../table.tsx";
import { amend, ask, data, href, load, marked, objects, place, use, type Columns, type Row, type Table } from "../store.ts";
import { colour } from "../theme.ts";
import { cell, figure, grouped, moment, seconds, short, when } from "../format.ts";

const letters = "abcdefghijklmnopqrstuvwxyz";
const args = () => Object.fromEntries(use(place).args) as Record<string, string>;

export function waiting(what: string) {
  return (
    <Empty title={`No ${what} yet`}>
      The search writes them as soon as its first generation is trained. If the node only evaluates (<code>"optimize": false</code>), there is nothing to wait for.
    </Empty>
  );
}

interface Runs {
  runs: { run: string; domain: string; rounds: number; name?: string | null }[];
  low: number | null;
  high: number | null;
}

/** called is what a run goes by: the name that it was given, with a little of its experiment's id, for names come again. */
const called = (r: { run: string; name?: string | null }, n: number) => (r.name ? `${r.name} ${short(r.run, 4)}` : short(r.run, n));

/** useRange is a zoom: the range asked for, as the page's address has it. */
function useRange(a: Record<string, string>): [[number, number] | undefined, (from: number, to: number) => void, () => void] {
  const range: [number, number] | undefined = a.from && a.to ? [Number(a.from), Number(a.to)] : undefined;
  return [range, (from, to) => amend({ from: String(from), to: String(to) }), () => amend({ from: "", to: "" })];
}

export function History() {
  const a = args();
  const [range, zoom, reset] = useRange(a);
  const x = a.x ?? "round";
  const width = Math.min(1400, Math.max(300, innerWidth - 120));
  const { data: h, error } = load<Columns<Runs>>(data("history", { domain: a.domain, run: a.run, x, runs: a.runs ?? 6, width, from: a.from, to: a.to }));
  if (!h) return <Trouble error={error} />;
  if (!h.head.runs?.length) return waiting("rounds");
  const lines: Line[] = h.head.runs.flatMap((r, i) => {
    const c = letters[i]!;
    const name = h.head.runs.length > 1 ? ` ${called(r, 6)}` : "";
    return [
      { name: `best${name}`, run: r.run, x: h.of("x_" + c), y: h.of("best_" + c), steps: true, width: 2.2, colour: colour(i) },
      { name: `round${name}`, run: r.run, x: h.of("x_" + c), y: h.of("y_" + c), faint: true, width: 1, colour: colour(i) },
    ];
  });
  const many = h.head.runs.length > 1;
  const take = () => ({
    names: ["run", x, "performance", "best"],
    rows: h.head.runs.flatMap((r, i) => Array.from(h.of("x_" + letters[i]), (v, k) => [r.run, v, h.of("y_" + letters[i])[k], h.of("best_" + letters[i])[k]])),
  });
  return (
    <Card
      wide
      title="Best so far, and each round's best"
      table="fact_round"
      take={take}
      note={
        <>
          {many ? `The newest ${h.head.runs.length} experiments of this node; the band spans their bests. ` : ""}
          {h.head.runs.map((r) => grouped(r.rounds)).join(", ")} rounds, at most four points a pixel. Drag to look closer, double click to see all.
        </>
      }
      tools={
        <>
          <Choice label="by" value={x} options={[["round", "rounds"], ["trials", "trials"], ["time", "seconds"]]} onChange={(v) => amend({ x: v, from: "", to: "" })} />
          <Choice label="runs" value={a.runs ?? "6"} options={[["1", "1"], ["3", "3"], ["6", "6"], ["12", "12"]]} onChange={(v) => amend({ runs: v })} />
          {range && <button type="button" class="small" onClick={reset}>all</button>}
        </>
      }
    >
      <Plot height={420} xName={x === "time" ? "seconds" : x === "trials" ? "trials" : "round"} yName="performance" lines={lines} range={range} onZoom={zoom} onReset={reset}
        band={many && h.of("band_x").length ? { x: h.of("band_x"), low: h.of("band_low"), high: h.of("band_high"), name: "bests" } : undefined} />
    </Card>
  );
}

const trialHeads: Head[] = [
  { name: "trial_number", title: "trial", number: true, sort: ["newest", "oldest"] },
  { name: "generation", number: true },
  { name: "status", show: (v) => <span class={"badge" + (v === "failed" || v === "diverged" ? " warn" : "")}>{v}</span> },
  { name: "origin", show: (v, r) => (r.operator ? `${v} (${r.operator})` : v) },
  { name: "score", number: true, sort: ["best", "worst"] },
  { name: "validation", number: true, sort: ["validation"] },
  { name: "test", number: true, sort: ["test"] },
  { name: "seeds", number: true },
  { name: "rung", number: true },
  { name: "seconds", number: true, sort: ["slowest", "quickest"] },
  { name: "device", show: (v) => (v ? String(v).replace(/ \(.*/, "") : "–") },
  { name: "timestamp_utc", title: "when" },
];

export function Trials() {
  const a = args();
  const offset = Number(a.offset ?? 0);
  const limit = 50;
  const path = data("trials", { domain: a.domain, run: a.run, sort: a.sort ?? "newest", status: a.status, origin: a.origin, above: a.above, below: a.below, offset, limit });
  const { data: t, error } = load<Table>(path, 3000);
  if (a.trial) return <Trial id={a.trial} />;
  return (
    <Card
      wide
      title="Trials"
      table="fact_trial"
      picture={false}
      take={t ? () => ({ names: t.names, rows: t.rows }) : undefined}
      note={t?.note}
      tools={
        <>
          <Choice label="status" value={a.status ?? ""} options={[["", "all"], ["completed", "completed"], ["stopped", "stopped"], ["diverged", "diverged"], ["failed", "failed"]]} onChange={(v) => amend({ status: v, offset: "" })} />
          <Choice label="origin" value={a.origin ?? ""} options={[["", "all"], ...["random", "crossover", "mutation", "retrain", "program"].map((o) => [o, o] as [string, string])]} onChange={(v) => amend({ origin: v, offset: "" })} />
          <label class="choice">
            <span>score above</span>
            <input type="number" step="any" value={a.above ?? ""} onChange={(e) => amend({ above: (e.target as HTMLInputElement).value, offset: "" })} />
          </label>
        </>
      }
    >
      {!t ? (
        <Trouble error={error} />
      ) : t.missing || t.rows.length === 0 ? (
        a.status || a.origin || a.above ? <Empty title="No trial is so">Other filters may find some.</Empty> : waiting("trials")
      ) : (
        <>
          <Grid heads={trialHeads} rows={objects(t)} sort={a.sort ?? "newest"} onSort={(sort) => amend({ sort, offset: "" })} onRow={(r) => amend({ trial: r.trial_id })} run={(r) => r.experiment_id} />
          <Pages offset={offset} limit={limit} total={t.total} more={t.more} onMove={(o) => amend({ offset: o ? String(o) : "" })} />
        </>
      )}
    </Card>
  );
}

type Curve = Record<"step" | "train_loss" | "validation_loss", (number | null)[]>;

function curveLines(curve: Curve, name = "", run = "", c?: string): Line[] {
  const y = (l: (number | null)[]) => l.map((v) => v ?? NaN);
  const one: Line = { name: `validation${name}`, x: y(curve.step), y: y(curve.validation_loss), run };
  const two: Line = { name: `training${name}`, x: y(curve.step), y: y(curve.train_loss), dashed: true, run };
  if (c) one.colour = two.colour = c;
  return [one, two];
}

function Trial({ id }: { id: string }) {
  const { data: d, error } = load<{ trial: Row; curve: Curve | null; missing?: string }>(data("trial", { id }), 60_000);
  if (!d) return <Trouble error={error} />;
  const back = <button type="button" class="small" onClick={() => amend({ trial: "" })}>‹ all trials</button>;
  if (!d.trial) return <Empty title={d.missing ?? "There is no such trial"}>{back}</Empty>;
  const t = d.trial;
  const genome = flatten(t.parameters);
  return (
    <div class="grid">
      <Card title={`Trial ${grouped(t.trial_number)}`} picture={false} tools={back} take={() => ({ names: Object.keys(t), rows: [Object.values(t)] })}>
        <dl class="facts">
          {["status", "origin", "operator", "generation", "score", "score_error", "validation", "test", "seconds", "device", "seed", "seeds", "rung", "island", "timestamp_utc", "digest"].map((k) => [
            <dt key={k}>{k.replace("_utc", "").replaceAll("_", " ")}</dt>,
            <dd key={k + "="}>{k === "seed" ? String(t[k] ?? "–") : cell(k, t[k])}</dd>,
          ])}
          <dt>bred from</dt>
          <dd>
            {((t.parents ?? []) as string[]).map((p) => (
              <a key={p} class="chip" href={href("trials", { trial: p })}>
                {Number(p.slice(p.indexOf("-") + 1))}
              </a>
            ))}
            {!t.parents?.length && "nobody"} · <a href={href("family", { id })}>its family</a>
          </dd>
        </dl>
      </Card>
      <Card title="Parameters" table="fact_param" picture={false} take={() => ({ names: ["name", "value"], rows: genome })}>
        <dl class="facts">
          {genome.map(([k, v]) => [<dt key={k}>{k}</dt>, <dd key={k + "="}>{typeof v === "number" ? figure(v, 7) : String(v)}</dd>])}
        </dl>
      </Card>
      <Card title="Learning curve" table="fact_curve" take={() => ({ names: d.curve ? Object.keys(d.curve) : [], rows: d.curve ? d.curve.step.map((s, i) => [s, d.curve!.train_loss[i], d.curve!.validation_loss[i]]) : [] })}>
        {d.curve ? <Plot xName="epochs" yName="loss" lines={curveLines(d.curve)} height={300} /> : <Empty title="No curve was kept">A domain without epochs has none, nor does a trial whose worker told none.</Empty>}
      </Card>
      {t.metrics && (
        <Card title="Metrics" picture={false} take={() => ({ names: ["name", "value"], rows: flatten(t.metrics) })}>
          <dl class="facts">
            {flatten(t.metrics).map(([k, v]) => [<dt key={k}>{k}</dt>, <dd key={k + "="}>{typeof v === "number" ? figure(v) : String(v)}</dd>])}
          </dl>
        </Card>
      )}
    </div>
  );
}

export function flatten(o: unknown, prefix = ""): [string, unknown][] {
  if (o === null || typeof o !== "object") return [];
  return Object.entries(o).flatMap(([k, v]): [string, unknown][] => {
    if (v !== null && typeof v === "object" && !Array.isArray(v)) return flatten(v, k === "genome" ? prefix : prefix + k + ".");
    return [[prefix + k, Array.isArray(v) ? v.join(", ") : v]];
  });
}

export function Curves() {
  const a = args();
  const { data: d, error } = load<{ curves: Row[]; missing?: string }>(data("curves", { domain: a.domain, run: a.run, sort: a.sort ?? "best", limit: 12 }), 4000);
  if (!d) return <Trouble error={error} />;
  if (!d.curves?.length) return waiting("learning curves");
  const lines = d.curves.flatMap((c, i) => curveLines(c.curve, ` ${c.trial_number}`, c.trial_id, colour(i)));
  return (
    <Card
      wide
      title="Learning curves"
      table="fact_curve"
      note={`Of the ${d.curves.length} ${a.sort === "newest" ? "newest" : "best"} trials that have one: validation drawn through, training dashed.`}
      take={() => ({ names: ["trial", "step", "train_loss", "validation_loss"], rows: d.curves.flatMap((c) => (c.curve.step as number[]).map((s, i) => [c.trial_number, s, c.curve.train_loss[i], c.curve.validation_loss[i]])) })}
      tools={
        <>
          <Choice label="of the" value={a.sort ?? "best"} options={[["best", "best"], ["newest", "newest"]]} onChange={(v) => amend({ sort: v })} />
          <Choice label="loss" value={a.log ?? ""} options={[["", "plain"], ["1", "logarithmic"]]} onChange={(v) => amend({ log: v })} />
        </>
      }
    >
      <Plot height={440} xName="epochs" yName="loss" lines={lines} logY={a.log === "1"} />
    </Card>
  );
}

interface Sampled {
  sample: number;
  taken?: number;
  of: number;
  names: string[];
}

const sampleNote = (h: Sampled, more = "") => `A sample of ${grouped(h.sample)} of ${grouped(h.of)} trials, evenly spaced.${more}`;

export function ParallelView() {
  const a = args();
  const axes = a.axes ?? "7";
  const { data: c, error } = load<Columns<Sampled & { axes: ParallelAxis[] }>>(data("parallel", { domain: a.domain, axes }), 20_000);
  if (!c) return <Trouble error={error} />;
  if (!c.head?.axes?.length || c.head.sample < 2) return waiting("trials");
  const columns = c.head.axes.map((x) => c.of(x.name));
  return (
    <Card
      wide
      title="Parallel coordinates"
      table="fact_param"
      note={sampleNote(c.head, " The parameters that say most about the score; the better, the warmer. Drag along an axis to keep what lies there, click it to let go.")}
      take={() => ({ names: c.head.axes.map((x) => x.name), rows: Array.from(columns[0]!, (_, i) => c.head.axes.map((x, j) => undo(x, columns[j]![i]!))) })}
      tools={<Choice label="axes" value={axes} options={["4", "7", "9", "12"].map((v) => [v, v] as [string, string])} onChange={(v) => amend({ axes: v })} />}
    >
      <Parallel axes={c.head.axes} columns={columns} height={440} />
    </Card>
  );
}

/** undo is the number that one of 255 steps stands for. */
function undo(a: ParallelAxis, step: number): unknown {
  if (step === 255) return null;
  const share = step / 254;
  const v = a.log ? a.low * (a.high / a.low) ** share : a.low + share * (a.high - a.low);
  return a.levels ? (a.levels[Math.round(v)] ?? null) : v;
}

export function ImportanceView() {
  const a = args();
  const { data: d, error } = load<Sampled & { method: string; importance: { name: string; share: number; rank: number }[] }>(data("importance", { domain: a.domain }), 20_000);
  const chosen = a.name ?? d?.importance?.[0]?.name ?? "";
  if (!d) return <Trouble error={error} />;
  if (!d.importance?.length) return waiting("trials with parameters that differ");
  const list = d.importance.slice(0, 15);
  return (
    <div class="grid two">
      <Card title="Importance" table="fact_param" note={`${sampleNote(d)} By a ${d.method}.`} take={() => ({ names: ["parameter", "share", "rank_correlation"], rows: d.importance.map((i) => [i.name, i.share, i.rank]) })}>
        <Bars bars={list.map((i) => ({ name: i.name, value: i.share, note: `${i.share < 0.005 ? "< 1" : Math.round(100 * i.share)} %${i.rank ? `, ρ ${figure(i.rank, 2)}` : ""}`, colour: colour(i.name === chosen ? 1 : 0) }))} onPick={(name) => amend({ name })} />
      </Card>
      <Slice domain={a.domain} name={chosen} />
    </div>
  );
}

function Slice({ domain, name }: { domain: string | undefined; name: string }) {
  const { data: c, error } = load<Columns<Sampled & { name: string; levels: string[] | null; x: [number, number]; y: [number, number]; missing?: string }>>(name ? data("slice", { domain, name }) : null, 20_000);
  const share = (v: ArrayLike<number>) => Float32Array.from(v, (q) => q / 65535);
  const [points, set] = useState<{ x: Float32Array; y: Float32Array } | null>(null);
  useEffect(() => {
    if (c?.of) set({ x: share(c.of("x")), y: share(c.of("y")) });
  }, [c]);
  return (
    <Card
      title={`Score by ${name}`}
      table="fact_param"
      note={c?.head && sampleNote(c.head)}
      take={c?.head?.x ? () => ({ names: [name, "score"], rows: Array.from(c.of("x"), (q, i) => [at(c.head.x, q), at(c.head.y, c.of("y")[i]!)]) }) : undefined}
    >
      {!c || !points ? <Trouble error={error} /> : c.head.missing ? <Empty title={c.head.missing} /> : (
        <Scatter x={points.x} y={points.y} xAxis={{ low: c.head.x[0], high: c.head.x[1], name, levels: c.head.levels }} yAxis={{ low: c.head.y[0], high: c.head.y[1], name: "score" }} height={400} />
      )}
    </Card>
  );
}

const at = (ends: [number, number], q: number) => ends[0] + (q / 65535) * (ends[1] - ends[0]);

export function Generations() {
  const a = args();
  const { data: c, error } = load<Columns<{ run: string; generations: number; every: number }>>(data("generations", { domain: a.domain, run: a.run }), 3000);
  if (!c) return <Trouble error={error} />;
  if (!c.head?.generations) return waiting("generations");
  const x = c.of("round_number");
  const plain = (name: string, label = name): Line => ({ name: label, x, y: c.of(name) });
  const mean = c.of("mean");
  const deviation = c.of("deviation");
  const band = mean.length && deviation.length ? { x, low: Float64Array.from(mean, (m, i) => m - deviation[i]!), high: Float64Array.from(mean, (m, i) => m + deviation[i]!), name: "mean ± deviation" } : undefined;
  const take = (...names: string[]) => () => ({ names: ["round", ...names], rows: Array.from(x, (r, i) => [r, ...names.map((n) => c.of(n)[i])]) });
  const note = c.head.every > 1 ? `Every ${c.head.every}th of ${grouped(c.head.generations)} generations.` : `${grouped(c.head.generations)} generations.`;
  const made = c.of("trials_made");
  const recorded = c.of("trials_recorded");
  return (
    <div class="grid two">
      <Card title="Population" table="fact_generation" note={note} take={take("best", "mean", "deviation")}>
        <Plot xName="round" yName="expected score" lines={[{ ...plain("best"), steps: true, width: 2 }, plain("mean")]} band={band} height={280} />
      </Card>
      <Card title="Diversity" table="fact_generation" note="Mean over the genes of the spread across the population, as a share of the gene's range; 0: all alike." take={take("diversity")}>
        <Plot xName="round" yName="diversity" lines={[plain("diversity")]} height={280} />
      </Card>
      <Card title="Seconds of a generation" table="fact_generation" take={take("seconds", "busy")}>
        <Plot xName="round" yName="seconds" lines={[plain("seconds")]} height={220} />
      </Card>
      <Card title="Trials and immigrants" table="fact_generation" note={made.length && recorded.length ? `${grouped(sum(recorded))} of ${grouped(sum(made))} trials shown here have rows.` : ""} take={take("trials_made", "trials_recorded", "trials_failed", "immigrants")}>
        <Plot xName="round" yName="of a generation" lines={[plain("trials_made", "trials"), plain("trials_failed", "failed"), plain("immigrants")].filter((l) => l.y.length)} height={220} />
      </Card>
    </div>
  );
}

const sum = (a: ArrayLike<number>) => Array.from(a).reduce((x, y) => x + y, 0);

export function FamilyView() {
  const a = args();
  const { data: d, error } = load<{ root: string; nodes: Row[]; missing?: string }>(data("family", { id: a.id, domain: a.domain, run: a.run }), 8000);
  if (!d) return <Trouble error={error} />;
  if (!d.nodes?.length) return waiting("trials with a score");
  const kin: Kin[] = d.nodes.map((n) => ({
    id: n.trial_id, label: grouped(n.trial_number), depth: n.depth, parents: n.parents ?? [], score: n.score,
    title: `trial ${n.trial_number}, generation ${n.generation}, ${n.origin}${n.operator ? ` (${n.operator})` : ""}, score ${figure(n.score)}`,
  }));
  return (
    <Card wide title="Family tree" table="fact_trial" note={`Trial ${grouped(d.nodes[0]!.trial_number)} and those it was bred from, up to twelve breedings back: the warmer, the better. ${a.id ? "" : "It is the best of the newest experiment."}`}
      take={() => ({ names: ["trial_id", "trial_number", "generation", "origin", "operator", "score", "parents"], rows: d.nodes.map((n) => [n.trial_id, n.trial_number, n.generation, n.origin, n.operator, n.score, (n.parents ?? []).join(" ")]) })}>
      <Family kin={kin} onPick={(id) => (location.hash = href("trials", { trial: id }))} />
    </Card>
  );
}

/** tags are a run's, as JSON in the table, in words. */
function tags(v: unknown): string {
  if (typeof v !== "string" || v === "") return "–";
  try {
    const t = JSON.parse(v) as unknown;
    if (Array.isArray(t)) return t.join(", ");
    if (t && typeof t === "object") return Object.entries(t).map(([k, x]) => `${k}=${x}`).join(", ");
  } catch {
    // another program wrote it: it is shown as it is
  }
  return v;
}

const runHeads: Head[] = [
  { name: "experiment_id", title: "run" },
  { name: "run_name", title: "name", show: (v) => v ?? "–" },
  { name: "run_tags", title: "tags", show: (v) => tags(v) },
  { name: "domain_id", title: "domain" },
  { name: "hostname", title: "machine" },
  { name: "start_time", title: "began", show: (v, r) => moment(v ?? r.started_at) },
  { name: "rounds", number: true },
  { name: "trials", number: true },
  { name: "elapsed", number: true, show: (v) => seconds(v) },
  { name: "best", number: true },
];

export function RunsView() {
  const a = args();
  const { data: t, error } = load<Table>(data("runs", { domain: a.domain, limit: 100 }), 3000);
  const picked = (a.pick ?? "").split(",").filter(Boolean);
  const [pair, set] = useState<Columns<Runs> | null>(null);
  useEffect(() => {
    const shown = picked.length ? picked : objects(t).slice(0, 6).map((r) => r.experiment_id as string);
    if (!shown.length) return;
    let gone = false;
    const q = shown.slice(0, 12).map((r) => "run=" + encodeURIComponent(r)).join("&");
    ask<Columns<Runs>>(`/web/data/history?x=${a.x ?? "trials"}&width=900&${q}`).then((c) => !gone && set(c), () => {});
    return () => {
      gone = true;
    };
  }, [a.pick, a.x, t]);
  if (!t) return <Trouble error={error} />;
  if (!t.rows.length) return waiting("runs");
  const rows = objects(t);
  const lines: Line[] = pair?.head.runs?.map((r, i) => ({ name: called(r, 8), run: r.run, x: pair.of("x_" + letters[i]), y: pair.of("best_" + letters[i]), steps: true, width: 2 })) ?? [];
  const differing = t.names.filter((n) => ["seed", "version", "program_version", "optimizer_plugin", "run_id", "code_version"].includes(n));
  return (
    <>
      <Card wide title="Runs side by side" table="fact_round" note="The best so far of the runs that are chosen below, else of the newest six." take={() => ({ names: ["run", "x", "best"], rows: lines.flatMap((l) => Array.from(l.x, (v, i) => [l.name, v, l.y[i]])) })}
        tools={<Choice label="by" value={a.x ?? "trials"} options={[["round", "rounds"], ["trials", "trials"], ["time", "seconds"]]} onChange={(v) => amend({ x: v })} />}>
        {lines.length ? <Plot xName={a.x ?? "trials"} yName="best" lines={lines} height={320} /> : <Trouble error="" />}
      </Card>
      <Card wide title="Runs" table="dim_run" picture={false} take={() => ({ names: t.names, rows: t.rows })} note="A click chooses a run to be compared.">
        <Grid heads={[...runHeads, ...differing.map((name) => ({ name }))]} rows={rows} run={(r) => r.experiment_id} chosen={(r) => picked.includes(r.experiment_id)}
          onRow={(r) => amend({ pick: (picked.includes(r.experiment_id) ? picked.filter((p) => p !== r.experiment_id) : [...picked, r.experiment_id]).join(",") })} />
        <Pages offset={0} limit={100} total={t.total} more={t.more} onMove={() => {}} />
      </Card>
    </>
  );
}

interface Lanes {
  low: number | null;
  high: number | null;
  lanes: { name: string; trials: number; failed: number }[];
  trials?: string[];
}

export function Timeline() {
  const a = args();
  const [range, zoom, reset] = useRange(a);
  const { data: c, error } = load<Columns<Lanes>>(data("timeline", { from: a.from, to: a.to, width: 900 }), 3000);
  const votes = load<Table>(data("votes", { limit: 200 }), 5000).data;
  marked.get();
  if (!c) return <Trouble error={error} />;
  if (!c.head?.lanes?.length) return waiting("trainings");
  const lines: Line[] = c.head.lanes.map((l, i) => ({ name: l.name, x: c.of("x"), y: c.of(l.name), steps: true, colour: colour(i) }));
  const start = c.of("start");
  const bars: Line[] = start.length
    ? c.head.lanes.map((l, k) => {
        const x: number[] = [];
        const y: number[] = [];
        let row = 0;
        start.forEach((s: number, i: number) => {
          if (c.of("lane")[i] !== k) return;
          row = (row + 1) % 12;
          x.push(s, c.of("end")[i]!, c.of("end")[i]! + 1e-6);
          y.push(k + row / 16, k + row / 16, NaN);
        });
        return { name: l.name, x, y, colour: colour(k), width: 3 };
      })
    : [];
  const judged = objects(votes).filter((v) => v.block_timestamp);
  return (
    <>
      <Card wide title="Trainings at a time" table="fact_trial" note={`By device; a training counts as ended when the record of its generation came. Drag to look closer: where fewer than 3,000 trainings are in sight, each is drawn. ${c.head.lanes.map((l) => `${l.name}: ${grouped(l.trials)} trials, ${grouped(l.failed)} failed`).join("; ")}.`}
        take={() => ({ names: ["time", ...c.head.lanes.map((l) => l.name)], rows: Array.from(c.of("x"), (t, i) => [new Date(t * 1000).toISOString(), ...c.head.lanes.map((l) => c.of(l.name)[i])]) })}
        tools={range && <button type="button" class="small" onClick={reset}>all</button>}>
        <Plot time xName="time" yName="trainings" lines={lines} range={range} onZoom={zoom} onReset={reset} height={260} />
      </Card>
      {bars.length > 0 && (
        <Card wide title="Each training" table="fact_trial" take={() => ({ names: ["start", "end", "device"], rows: Array.from(start, (s, i) => [s, c.of("end")[i], c.head.lanes[c.of("lane")[i]!]?.name]) })}>
          <Bands lines={bars} names={c.head.lanes.map((l) => l.name)} range={range} onZoom={zoom} onReset={reset} />
        </Card>
      )}
      {judged.length > 0 && (
        <Card wide title="Verifications" table="fact_vote" note="The newest votes in blocks, at the time of their block." take={() => ({ names: votes!.names, rows: votes!.rows })}>
          <Plot time xName="time" yName="agree" yRange={[-0.2, 1.2]} lines={[{ name: "votes", x: judged.map((v) => (when(v.block_timestamp)?.getTime() ?? NaN) / 1000).reverse(), y: judged.map((v) => (v.agree ? 1 : 0)).reverse(), points: true }]} height={150} legend={false} />
        </Card>
      )}
    </>
  );
}

/** Bands draws spans of time in a lane for each device, on a canvas by itself. */
function Bands({ lines, names, range, onZoom, onReset }: { lines: Line[]; names: string[]; range: [number, number] | undefined; onZoom: (a: number, b: number) => void; onReset: () => void }) {
  return <Plot time xName="time" yName="device" lines={lines.map((l) => ({ ...l, x: sorted(l)[0]!, y: sorted(l)[1]! }))} range={range} onZoom={onZoom} onReset={onReset} height={90 + 60 * names.length} legend={false} />;
}

/** sorted has ascending times, as a plot needs them: spans of a lane that overlap are cut at the next one's start. */
function sorted(l: Line): [number[], number[]] {
  const x = Array.from(l.x);
  const y = Array.from(l.y);
  const order = x.map((_, i) => i).filter((i) => i % 3 === 0).sort((a, b) => x[a]! - x[b]!);
  const [ox, oy]: [number[], number[]] = [[], []];
  order.forEach((i, k) => {
    const next = order[k + 1];
    const end = next === undefined ? x[i + 1]! : Math.min(x[i + 1]!, x[next]!);
    ox.push(x[i]!, Math.max(x[i]! + 1e-7, end - 2e-7), Math.max(x[i]! + 2e-7, end - 1e-7));
    oy.push(y[i]!, y[i]!, NaN);
  });
  return [ox, oy];
}
