// What a champion and the models beside it are worth, read out of metrics as cmd/doin-node/score does.

export interface Score {
  name: string;
  validation: number | null;
  test: number | null;
}

type Metrics = Record<string, unknown> | null | undefined;

const number = (o: Metrics, key: string): number | null => {
  const v = o?.[key];
  return typeof v === "number" ? v : null;
};

/** model is the name of the baseline whose error of a kind a key tells. */
function model(key: string, kind: string): string {
  if (!kind || !key.startsWith("val_") || !key.endsWith("_" + kind)) return "";
  const name = key.slice(4, -kind.length - 1);
  return name === "relative" ? "" : name;
}

/** read returns the error that the champion and the baselines have in common, and its values. */
export function read(metrics: Metrics, baselines: Metrics): { kind: string; own: Score | null; others: Score[] } {
  let kind = "";
  const keys = Object.keys(baselines ?? {});
  for (const key of keys) {
    if (!key.startsWith("val_")) continue;
    if (!metrics) {
      kind = key.endsWith("_cross_entropy") ? "cross_entropy" : key.slice(key.lastIndexOf("_") + 1);
      break;
    }
    for (const own of Object.keys(metrics)) {
      const k = own.startsWith("val_") ? own.slice(4) : "";
      if (k && k !== "accuracy" && model(key, k) && (kind === "" || k.length < kind.length)) kind = k;
    }
  }
  if (!kind) return { kind: "", own: null, others: [] };
  const v = number(metrics, "val_" + kind);
  const own = v === null ? null : { name: "champion", validation: v, test: number(metrics, "test_" + kind) };
  const others = keys
    .filter((k) => model(k, kind))
    .map((k) => ({ name: model(k, kind), validation: number(baselines, k), test: number(baselines, `test_${model(k, kind)}_${kind}`) }));
  return { kind, own, others };
}

/** best is the score with the smallest validation error. */
export function best(list: Score[]): Score | null {
  return list.reduce<Score | null>((a, b) => (b.validation !== null && (!a || a.validation === null || b.validation < a.validation) ? b : a), null);
}
