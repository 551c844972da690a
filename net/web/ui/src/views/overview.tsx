// What a glance should tell: the best that there is, beside what costs nothing, and whether the network works.
import { Card, Empty } from "../card.tsx";
import { Plot } from "../plot.tsx";
import { data, href, load, state, use, type Columns, type Row } from "../store.ts";
import { best, read } from "../score.ts";
import { bytes, figure, grouped, percent, seconds, short } from "../format.ts";

function Tile({ label, value, note, bad }: { label: string; value: string; note?: string | undefined; bad?: boolean }) {
  return (
    <div class={"tile" + (bad ? " bad" : "")}>
      <span>{label}</span>
      <strong>{value}</strong>
      {note && <small>{note}</small>}
    </div>
  );
}

export function Overview() {
  const s = use(state);
  if (!s) return <Empty title="Waiting for the node">It answers within seconds of its start.</Empty>;
  const workers = (s.worker ?? []) as Row[];
  const sinks = Object.entries((s.records?.sinks ?? {}) as Record<string, Row>);
  const pending = Math.max(0, ...sinks.map(([, v]) => v.pending ?? 0));
  const lost = sinks.reduce((n, [, v]) => n + (v.lost ?? 0) + (v.rejected ?? 0), s.records?.dropped ?? 0);
  const cards = workers.flatMap((w) => (w.gpus ?? w.devices ?? []) as Row[]);
  const domains = Object.keys(s.domains ?? {});
  const trainings = workers.reduce((n, w) => n + (w.trainings ?? 0), 0);
  return (
    <>
      <div class="tiles">
        <Tile label="chain" value={`block ${grouped(s.chain_height - 1)}`} note={s.security.finalized_height >= 0 ? `final to ${grouped(s.security.finalized_height)}` : "none is final yet"} />
        <Tile label="peers" value={grouped(s.peers)} note={s.peers ? `${s.discovery?.known_peers ?? s.peers} known` : s.solo ? "a network of one" : "searches alone meanwhile"} />
        <Tile label="busy" value={percent(s.busy)} note={`own search; ${percent(s.busy_others)} for others' claims`} />
        <Tile label="trainings" value={grouped(trainings)} note="since the worker's start" />
        <Tile label="tasks" value={grouped(s.task_queue.pending + s.task_queue.claimed)} note={s.task_queue.pending ? "waiting to be judged" : "nothing to judge"} />
        <Tile label="rows" value={lost ? `${grouped(lost)} lost` : pending ? `${grouped(pending)} on their way` : "all written"} bad={lost > 0} />
        <Tile label="reputation" value={figure(s.reputation ?? 0, 3)} note={`${figure(s.coin.my_balance, 6)} DOIN`} />
      </div>
      {domains.length === 0 && (
        <Empty title="No domain is configured">
          The node relays for others. A domain makes it search: <code>doin-node new FILE</code> writes a configuration for a data file.
        </Empty>
      )}
      <div class="grid">
        {domains.map((d) => (
          <Domain key={d} id={d} s={s} />
        ))}
        <Card title="Workers" picture={false}>
          {workers.length === 0 ? (
            <Empty title="No worker answers">The node starts one for each domain; its log says why one does not come.</Empty>
          ) : (
            <div class="scroll">
              <table>
                <thead>
                  <tr>
                    <th>device</th>
                    <th class="number">places</th>
                    <th class="number">trainings</th>
                    <th class="number">memory</th>
                    <th class="number">up</th>
                    <th class="number">restarts</th>
                  </tr>
                </thead>
                <tbody>
                  {workers.map((w) => (
                    <tr key={w.pid}>
                      <td title={w.device}>{String(w.device).replace(/ \(.*/, "")}</td>
                      <td class="number">{w.slots ?? w.workers}</td>
                      <td class="number">{grouped(w.trainings ?? 0)}</td>
                      <td class="number">{bytes(w.memory_bytes)}</td>
                      <td class="number">{seconds(w.uptime_seconds)}</td>
                      <td class="number">{w.restarts}</td>
                    </tr>
                  ))}
                  {cards.map((c, i) => (
                    <tr key={i}>
                      <td>{c.name ?? `card ${i}`}</td>
                      <td class="number">{percent((c.utilization_percent ?? NaN) / 100)}</td>
                      <td class="number">{c.temperature_celsius ? `${c.temperature_celsius} °C` : "–"}</td>
                      <td class="number">{bytes(c.memory_used_bytes)}</td>
                      <td class="number">{c.power_watts ? `${figure(c.power_watts, 3)} W` : "–"}</td>
                      <td />
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {cards.length === 0 && <p class="note">No GPU: processors train, with the same bits.</p>}
        </Card>
      </div>
    </>
  );
}

/** standing is what a champion may be taken for. */
export function Standing({ c }: { c: Row | null | undefined }) {
  if (!c) return <span class="badge">no champion yet</span>;
  if (c.solo) return <span class="badge">verified by its author alone</span>;
  return c.verified ? <span class="badge good">verified by a quorum</span> : <span class="badge warn">not verified by others</span>;
}

function Domain({ id, s }: { id: string; s: Row }) {
  const p = s.progress?.[id] ?? {};
  const line = s.domains[id];
  const c = p.champion as Row | null;
  const { kind, own, others } = read(c?.metrics, c?.metrics ?? p.baselines);
  const top = best(others);
  const won = own && top && own.validation !== null && top.validation !== null && own.validation < top.validation;
  const rows = [...(own ? [own] : []), ...others].sort((a, b) => (a.validation ?? Infinity) - (b.validation ?? Infinity));
  const history = load<Columns<{ runs: { run: string; rounds: number }[] }>>(data("history", { domain: id, runs: 1, x: "trials", width: 240 })).data;
  return (
    <Card
      title={id}
      take={() => ({ names: ["model", `validation ${kind}`, `test ${kind}`], rows: rows.map((r) => [r.name, r.validation, r.test]) })}
      picture={history !== null && (history.head.runs?.length ?? 0) > 0}
      tools={<Standing c={c} />}
    >
      {rows.length > 0 ? (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th>{kind.replace("_", " ")}</th>
                <th class="number">validation</th>
                <th class="number">test</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((r) => (
                <tr key={r.name} class={r === own ? "own" : ""}>
                  <td>
                    {r === own ? <a href={href("champion", { domain: id })}>champion</a> : r.name}
                    {r === top && " (best without a search)"}
                  </td>
                  <td class="number">{figure(r.validation)}</td>
                  <td class="number">{figure(r.test)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p class="note">
          best: <b>{figure(line.best_performance)}</b>
          {line.target_performance !== null && ` of ${figure(line.target_performance)}`}
        </p>
      )}
      {own && top && (
        <p class="note">
          {won
            ? `The champion's validation error is ${figure(100 * (1 - own.validation! / top.validation!), 3)} % below that of ${top.name}.`
            : `Nothing found so far beats ${top.name} on the validation part.`}
        </p>
      )}
      {history && (history.head.runs?.length ?? 0) > 0 && (
        <Plot
          height={150}
          xName="trials"
          yName="best"
          legend={false}
          lines={[{ name: "best", run: history.head.runs[0]!.run, x: history.of("x_a"), y: history.of("best_a"), steps: true, width: 2 }]}
        />
      )}
      <dl class="facts">
        <dt>role</dt>
        <dd>{[line.optimize && "searches", line.evaluate && "judges others' claims"].filter(Boolean).join(", ") || "relays"}</dd>
        {line.optimize && (
          <>
            <dt>rounds, trials</dt>
            <dd>
              {grouped(p.rounds ?? 0)}, {grouped(p.evaluations ?? 0)}
            </dd>
            <dt>own claims</dt>
            <dd>
              {p.claims ? `${p.claims.accepted} accepted, ${p.claims.rejected} rejected, ${p.claims.superseded} overtaken, ${p.open_claims ?? 0} open` : "none yet"}
            </dd>
          </>
        )}
        <dt>network's claims</dt>
        <dd>
          {p.accepted ?? 0} accepted, {p.rejected ?? 0} rejected
        </dd>
        {c && (
          <>
            <dt>champion</dt>
            <dd>
              <code>{short(c.optimae_id, 12)}</code> by {c.optimizer_id === s.node_id ? "this node" : <code>{short(c.optimizer_id, 12)}</code>}
              {typeof c.z === "number" && `, ${figure(c.z, 3)} standard errors better than the one before`}
            </dd>
          </>
        )}
        {line.converged && (
          <>
            <dt>target</dt>
            <dd>reached</dd>
          </>
        )}
      </dl>
    </Card>
  );
}
