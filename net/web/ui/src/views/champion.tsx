// What the champion says of data that it has not seen, beside the truth and what costs nothing.
import { useEffect, useState } from "preact/hooks";
import { Card, Empty, Trouble } from "../card.tsx";
import { ask, place, state, use, type Row } from "../store.ts";
import { best, read } from "../score.ts";
import { Standing } from "./overview.tsx";
import { Shown, type Evidence } from "./evidence.tsx";
import { flatten } from "./search.tsx";
import { figure, short } from "../format.ts";

export function Champion() {
  const s = use(state);
  const a = Object.fromEntries(use(place).args) as Record<string, string>;
  const ids = Object.keys(s?.domains ?? {});
  const id = a.domain ?? ids[0] ?? "";
  const p = (s?.progress?.[id] ?? {}) as Row;
  const c = p.champion as Row | null | undefined;
  const [got, set] = useState<{ of: string; e: Evidence | null; error: string }>({ of: "", e: null, error: "" });
  const of = c?.optimae_id ?? "";
  useEffect(() => {
    if (!of) return;
    let gone = false;
    const again = async (tries: number): Promise<void> => {
      try {
        const e = await ask<Evidence>(`/web/evidence?domain=${encodeURIComponent(id)}`);
        if (!gone) set({ of, e, error: "" });
      } catch (err) {
        if (gone) return;
        set({ of, e: null, error: (err as Error).message });
        if (tries > 0 && /busy/.test((err as Error).message)) setTimeout(() => !gone && void again(tries - 1), 2000);
      }
    };
    void again(20);
    return () => {
      gone = true;
    };
  }, [of, id]);
  if (!s) return <Trouble error="" />;
  if (!c) return <Empty title="There is no champion yet">The best trial becomes one when it is trained again with other seeds and still improves. A network verifies it then.</Empty>;
  const e = got.of === of ? got.e : null;
  const { others } = read(c.metrics, c.metrics);
  const top = best(others)?.name ?? "";
  return (
    <>
      <Card wide title={`Champion of ${id}`} picture={false} tools={<Standing c={c} />} take={() => ({ names: ["name", "value"], rows: flatten(c.metrics) })}>
        <dl class="facts">
          <dt>id</dt>
          <dd><code>{short(c.optimae_id, 16)}</code></dd>
          <dt>by</dt>
          <dd>{c.optimizer_id === s.node_id ? "this node" : <code>{short(c.optimizer_id, 16)}</code>}</dd>
          <dt>performance</dt>
          <dd>{figure(c.performance)}</dd>
          <dt>take it along</dt>
          <dd><code>doin-node export --domain {id}</code>, <code>doin-node report</code></dd>
        </dl>
      </Card>
      {!e ? (
        got.error && !/busy/.test(got.error) ? <Empty title="Nothing to compare">{got.error}</Empty> : <Empty title="The champion is being trained again, to be asked">It takes as long as one verification.</Empty>
      ) : (
        <>
          <Shown e={e} top={top} />
          {e.network && <Network n={e.network} />}
        </>
      )}
    </>
  );
}

/** Network draws the graph that every seed trains. It is an image, in which a worker's picture runs no script. */
function Network({ n }: { n: NonNullable<Evidence["network"]> }) {
  const adds = n.multiply_adds ? `, ${figure(n.multiply_adds)} multiply-adds for a sample` : "";
  return (
    <Card wide title="Network" picture={false}>
      <p>
        {figure(n.parameters)} parameters{adds}
        {n.note ? `: ${n.note}` : ""}
      </p>
      {n.svg && (
        <div class="scroll">
          <img alt="graph of the network" src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(n.svg)}`} />
        </div>
      )}
    </Card>
  );
}
