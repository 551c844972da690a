// What a model says of data that nothing was fitted to, beside the truth and what costs nothing: the champion's page shows it of a
// running node, the report of what it holds itself.
import { Card } from "../card.tsx";
import { Matrix } from "../draw.tsx";
import { Plot, type Line } from "../plot.tsx";
import { colour } from "../theme.ts";

interface Model {
  name: string;
  predictions: (number | null)[];
  errors?: number[];
  probabilities?: number[][];
}

export interface Evidence {
  kind: "series" | "numbers" | "classes";
  value?: string;
  target?: string;
  times?: string[];
  actual: number[];
  history?: { times: string[]; values: number[] };
  classes?: string[];
  models: Model[];
  horizon?: number;
  next?: { times?: string[]; forecast?: number[] };
  network?: { parameters: number; multiply_adds?: number; note?: string; svg?: string };
}

const count = (from: number, n: number) => Array.from({ length: n }, (_, i) => from + i);

/** Shown is the evidence of a champion, which is its first model; top is the best of the others. */
export function Shown({ e, top }: { e: Evidence; top: string }) {
  return e.kind === "series" ? <Series e={e} top={top} /> : e.kind === "classes" ? <Classes e={e} /> : <Numbers e={e} top={top} />;
}

/** pair is the champion, which is the first model, and the best of the others. */
const pair = (e: Evidence, top: string): [Model | undefined, Model | undefined] => [e.models[0], e.models.slice(1).find((m) => m.name === top) ?? e.models[1]];

function Series({ e, top }: { e: Evidence; top: string }) {
  const before = Math.min(72, e.history?.values.length ?? 0);
  const known = [...(e.history?.values.slice(-before) ?? []), ...e.actual];
  const next = e.next?.forecast ?? [];
  const labels = [...(e.history?.times.slice(-before) ?? []), ...(e.times ?? []), ...(e.next?.times ?? [])];
  const [champion, other] = pair(e, top);
  const lines: Line[] = [{ name: "data", x: count(0, known.length), y: known, colour: colour(6), width: 2 }];
  if (champion) lines.push({ name: "champion", x: count(before, champion.predictions.length), y: champion.predictions as number[], colour: colour(0) });
  if (other) lines.push({ name: other.name, x: count(before, other.predictions.length), y: other.predictions as number[], colour: colour(2), dashed: true, width: 1.2 });
  if (next.length) lines.push({ name: "forecast", x: count(known.length - 1, next.length + 1), y: [known.at(-1)!, ...next], colour: colour(1), width: 2.4 });
  const unit = e.value ?? "value";
  const residual = (m: Model) => e.actual.map((v, i) => v - (m.predictions[i] ?? NaN));
  const shown = [champion, other].filter((m): m is Model => m !== undefined);
  return (
    <>
      <Card wide title="Forecast" note="The end of the data, what was said one step ahead of the test part, which nothing was fitted to, and what comes next."
        take={() => ({ names: ["time", "data", "champion", other?.name ?? "other", "forecast"], rows: labels.map((t, i) => [t, known[i], champion?.predictions[i - before], other?.predictions[i - before], i >= known.length ? next[i - known.length] : null]) })}>
        <Plot xName="" yName={unit} ticks={labels} lines={lines} height={400} />
      </Card>
      <div class="grid two">
        <Card title="Residuals of the test part" note="Data − prediction, one step ahead." take={() => ({ names: ["time", ...shown.map((m) => m.name)], rows: e.actual.map((_, i) => [e.times?.[i], ...shown.map((m) => residual(m)[i])]) })}>
          <Plot xName="" yName={unit} ticks={e.times} lines={shown.map((m, i) => ({ name: i ? m.name : "champion", x: count(0, e.actual.length), y: residual(m), points: true, colour: colour(i * 2) }))} height={260} />
        </Card>
        {shown.some((m) => (m.errors?.length ?? 0) > 1) && (
          <Card title="Error by how far ahead" take={() => ({ names: ["steps", ...shown.map((m) => m.name)], rows: count(1, e.horizon ?? 1).map((h, i) => [h, ...shown.map((m) => m.errors?.[i])]) })}>
            <Plot xName="steps ahead" yName="error" lines={shown.map((m, i) => ({ name: i ? m.name : "champion", x: count(1, m.errors?.length ?? 0), y: m.errors ?? [], colour: colour(i * 2) }))} height={260} />
          </Card>
        )}
      </div>
    </>
  );
}

function Numbers({ e, top }: { e: Evidence; top: string }) {
  const [champion, other] = pair(e, top);
  const shown = [champion, other].filter((m): m is Model => m !== undefined);
  const order = e.actual.map((_, i) => i).sort((a, b) => e.actual[a]! - e.actual[b]!);
  const truth = order.map((i) => e.actual[i]!);
  const name = e.target ?? e.value ?? "value";
  return (
    <div class="grid two">
      <Card title="Said and true, of the test part" take={() => ({ names: ["actual", ...shown.map((m) => m.name)], rows: e.actual.map((v, i) => [v, ...shown.map((m) => m.predictions[i])]) })}>
        <Plot xName={`true ${name}`} yName="said" height={360}
          lines={[{ name: "equal", x: [truth[0]!, truth.at(-1)!], y: [truth[0]!, truth.at(-1)!], dashed: true, colour: colour(6) }, ...shown.map((m, i): Line => ({ name: i ? m.name : "champion", x: truth, y: order.map((k) => m.predictions[k] ?? NaN), points: true, colour: colour(i * 2), faint: i > 0 }))]} />
      </Card>
      <Card title="Residuals" note="Truth − prediction." take={() => ({ names: ["actual", ...shown.map((m) => m.name)], rows: e.actual.map((v, i) => [v, ...shown.map((m) => v - (m.predictions[i] ?? NaN))]) })}>
        <Plot xName={`true ${name}`} yName="residual" height={360} lines={shown.map((m, i) => ({ name: i ? m.name : "champion", x: truth, y: order.map((k) => e.actual[k]! - (m.predictions[k] ?? NaN)), points: true, colour: colour(i * 2), faint: i > 0 }))} />
      </Card>
    </div>
  );
}

function Classes({ e }: { e: Evidence }) {
  const names = e.classes ?? [];
  const p = e.models[0]?.probabilities ?? [];
  const counts = names.map(() => names.map(() => 0));
  p.forEach((row, i) => {
    const said = row.indexOf(Math.max(...row));
    const truth = counts[e.actual[i]!];
    if (truth && said >= 0) truth[said]!++;
  });
  // Reliability: of all probabilities given to any class, in ten groups.
  const groups = Array.from({ length: 10 }, () => ({ n: 0, said: 0, came: 0 }));
  p.forEach((row, i) =>
    row.forEach((q, k) => {
      const g = groups[Math.min(9, Math.floor(q * 10))]!;
      g.n++;
      g.said += q;
      if (e.actual[i] === k) g.came++;
    }),
  );
  const some = groups.filter((g) => g.n > 0);
  return (
    <div class="grid two">
      <Card title="Confusion" note="Test rows by class, a row each, and by the most probable class." take={() => ({ names: ["class", ...names], rows: counts.map((r, i) => [names[i], ...r]) })}>
        <Matrix names={names} counts={counts} />
      </Card>
      <Card title="Calibration" note="How often what was given a probability came true, in ten groups." take={() => ({ names: ["said", "came", "cases"], rows: some.map((g) => [g.said / g.n, g.came / g.n, g.n]) })}>
        <Plot xName="probability said" yName="share that came true" height={320}
          lines={[{ name: "as said", x: [0, 1], y: [0, 1], dashed: true, colour: colour(6) }, { name: "champion", x: some.map((g) => g.said / g.n), y: some.map((g) => g.came / g.n), colour: colour(0), width: 2 }]} />
      </Card>
    </div>
  );
}
