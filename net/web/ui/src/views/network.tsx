// What the network agrees on: claims, votes, blocks, islands, reputation.
import { useEffect, useState } from "preact/hooks";
import { Card, Empty, Trouble } from "../card.tsx";
import { IslandMap, type Node } from "../draw.tsx";
import { Plot } from "../plot.tsx";
import { Grid, Pages, type Head } from "../table.tsx";
import { amend, ask, data, href, load, objects, place, state, use, version, type Row, type Table } from "../store.ts";
import { figure, grouped, moment, seconds, short } from "../format.ts";

const args = () => Object.fromEntries(use(place).args) as Record<string, string>;
const who = (v: unknown) => (v && v === state.get()?.node_id ? "this node" : short(v));

/** tables are what the lists are pages of. */
const tables: Record<string, string> = { claims: "fact_claim", votes: "fact_vote", decisions: "fact_decision", champions: "fact_chain_optimae" };

/** Listing is a paged table of a view, with all its columns or the heads named. */
function Listing({ title, view, otherwise, heads, empty, extra, note }: { title: string; view: string; otherwise?: string; heads?: Head[]; empty: preact.ComponentChildren; extra?: Record<string, string | undefined>; note?: string }) {
  const a = args();
  const key = view + "_at";
  const offset = Number(a[key] ?? 0);
  const limit = 25;
  const { data: t, error } = load<Table>(data(view, { ...extra, domain: a.domain, offset, limit }), 3000);
  if (!t) return <Trouble error={error} />;
  if (otherwise && !t.rows.length && offset === 0) return <Listing title="Accepted by the chain" view={otherwise} empty={empty} heads={accepted} />;
  return (
    <Card wide title={title} table={tables[view]} picture={false} note={note} take={t.rows.length ? () => ({ names: t.names, rows: t.rows }) : undefined}>
      {t.missing || !t.rows.length ? (
        <Empty title="Nothing yet">{empty}</Empty>
      ) : (
        <>
          <Grid heads={heads ?? t.names.map((name) => ({ name }))} rows={objects(t)} onRow={t.names.includes("optimae_id") ? (r) => r.optimae_id && amend({ optimae: r.optimae_id, votes_at: "" }) : undefined} chosen={(r) => Boolean(a.optimae) && r.optimae_id === a.optimae} run={(r) => r.experiment_id ?? ""} />
          <Pages offset={offset} limit={limit} total={t.total} more={t.more} onMove={(o) => amend({ [key]: o ? String(o) : "" })} />
        </>
      )}
    </Card>
  );
}

const good = (v: unknown) => <span class={"badge " + (v ? "good" : "warn")}>{v ? "yes" : "no"}</span>;

export function Claims() {
  const a = args();
  return (
    <>
      {a.optimae && <Story id={a.optimae} />}
      <Listing
        title="Decisions of the network"
        view="decisions"
        otherwise="champions"
        note="Everybody's claims that a quorum has judged. A click tells a claim's story."
        empty="A claim is decided when two thirds of its quorum have trained it again. With too few nodes for a quorum none is."
        heads={[
          { name: "optimae_id", title: "claim", show: (v) => <code>{short(v)}</code> },
          { name: "domain_id", title: "domain" },
          { name: "optimizer_id", title: "by", show: who },
          { name: "accepted", show: good },
          { name: "reason", wrap: true, show: (v) => v || "–" },
          { name: "reported_performance", title: "claimed", number: true },
          { name: "verified_performance", title: "found", number: true },
          { name: "votes_agree", title: "votes", number: true, show: (v, r) => `${v} of ${r.votes}` },
          { name: "block_height", title: "block", number: true },
          { name: "block_timestamp", title: "when" },
        ]}
      />
      <Listing
        title="Steps of this node's claims"
        view="claims"
        empty="A claim begins when the search has found something that a confirming run holds to. Most of what is found is noise, and is not claimed."
        heads={[
          { name: "timestamp_utc", title: "when" },
          { name: "domain_id", title: "domain" },
          { name: "proposal", title: "claim", number: true },
          { name: "round_number", title: "round", number: true },
          { name: "stage", show: (v) => <span class={"badge " + (v === "accepted" ? "good" : v === "rejected" ? "warn" : "")}>{v}</span> },
          { name: "performance", number: true },
          { name: "z", title: "z", number: true, show: (v) => figure(v, 3) },
          { name: "reason", wrap: true, show: (v) => v || "–" },
          { name: "optimae_id", title: "id", show: (v) => <code>{short(v)}</code> },
          { name: "elapsed_seconds", title: "since the start", number: true, show: (v) => seconds(v) },
        ]}
      />
      <Listing
        title="Votes"
        view="votes"
        empty="Votes come with the decisions that hold them."
        heads={[
          { name: "optimae_id", title: "claim", show: (v) => <code>{short(v)}</code> },
          { name: "evaluator_id", title: "evaluator", show: who },
          { name: "domain_id", title: "domain" },
          { name: "agree", show: good },
          { name: "performance", title: "found", number: true },
          { name: "digest", show: (v) => <code>{short(v)}</code> },
          { name: "block_height", title: "block", number: true },
          { name: "block_timestamp", title: "when" },
        ]}
      />
    </>
  );
}

/** accepted are the columns of what the chain has accepted, where decisions and votes are not recorded. */
const accepted: Head[] = [
  { name: "optimae_id", title: "claim", show: (v) => <code>{short(v)}</code> },
  { name: "domain_id", title: "domain" },
  { name: "optimizer_id", title: "by", show: who },
  { name: "reported_performance", title: "claimed", number: true },
  { name: "verified_performance", title: "found", number: true },
  { name: "effective_increment", title: "improvement", number: true },
  { name: "quorum_agree_fraction", title: "agreed", number: true },
  { name: "block_height", title: "block", number: true },
  { name: "block_timestamp", title: "when" },
];

/** Story is all that is known of one claim. */
function Story({ id }: { id: string }) {
  const votes = load<Table>(data("votes", { optimae: id }), 3000).data;
  const steps = load<Table>(data("claims", { optimae: id }), 3000).data;
  const voted = objects(votes);
  return (
    <Card wide title={`Claim ${short(id, 12)}`} picture={false} tools={<button type="button" class="small" onClick={() => amend({ optimae: "" })}>close</button>}>
      <ol class="steps">
        {objects(steps)
          .reverse()
          .map((s) => (
            <li key={s.stage}>
              <b>{s.stage}</b> {moment(s.timestamp_utc)}
              {s.performance !== null && `, performance ${figure(s.performance)}`}
              {s.reason && `: ${s.reason}`}
            </li>
          ))}
        {voted.map((v) => (
          <li key={v.evaluator_id}>
            <b>{v.agree ? "agreed" : "did not agree"}</b>: {who(v.evaluator_id)} found {figure(v.performance)}, digest <code>{short(v.digest, 12)}</code>
          </li>
        ))}
        {!voted.length && !steps?.rows.length && <li>Nothing is recorded of it here.</li>}
      </ol>
    </Card>
  );
}

export function Chain() {
  const s = use(state);
  const now = use(version);
  const a = args();
  const [blocks, set] = useState<Row[] | null>(null);
  const [error, fail] = useState("");
  const height = (s?.chain_height ?? 1) - 1;
  const top = a.top ? Math.min(height, Number(a.top)) : height;
  useEffect(() => {
    let gone = false;
    ask<{ blocks: Row[] }>(`/chain/blocks?from=${Math.max(0, top - 49)}&to=${top}`).then(
      (b) => !gone && set(b.blocks.slice().reverse()),
      (e: Error) => !gone && fail(e.message),
    );
    return () => {
      gone = true;
    };
  }, [top, a.top ? "" : now]);
  if (!s || !blocks) return <Trouble error={error} />;
  const rows = blocks.map((b) => {
    const h = b.header ?? b;
    const kinds: Record<string, number> = {};
    for (const t of (b.transactions ?? []) as Row[]) kinds[t.tx_type] = (kinds[t.tx_type] ?? 0) + 1;
    return { height: h.index ?? b.index, hash: b.hash, time: h.timestamp, generator: h.generator_id, txs: (b.transactions ?? []).length, kinds, sum: h.weighted_performance_sum, threshold: h.threshold };
  });
  const timed = rows.filter((r) => r.height > 0).reverse();
  const gaps = timed.slice(1).map((r, i) => (Number(new Date(timeOf(r.time))) - Number(new Date(timeOf(timed[i]!.time)))) / 1000);
  return (
    <>
      <div class="tiles">
        <div class="tile"><span>tip</span><strong>{grouped(height)}</strong><small>{short(s.storage?.tip_hash, 12)}</small></div>
        <div class="tile"><span>time of a block</span><strong>{seconds(s.difficulty.ema_block_time)}</strong><small>aimed at {seconds(s.difficulty.target_block_time)}</small></div>
        <div class="tile"><span>threshold</span><strong>{figure(s.difficulty.threshold, 4)}</strong><small>{s.difficulty.blocks_in_epoch} of {s.difficulty.epoch_length} blocks to the next</small></div>
        <div class="tile"><span>supply</span><strong>{figure(s.coin.total_supply, 6)}</strong><small>DOIN</small></div>
        {s.certified && <div class="tile"><span>paying blocks</span><strong>{grouped(s.certified.paying_blocks)}</strong><small>of {grouped(height)} that are final; {grouped(s.certified.electorate)} evaluators sign</small></div>}
        <div class="tile"><span>waiting</span><strong>{grouped(s.fee_market?.mempool_size ?? 0)}</strong><small>transactions without a block</small></div>
      </div>
      {gaps.length > 1 && (
        <Card wide title="Seconds between blocks" table="fact_block" take={() => ({ names: ["height", "seconds"], rows: gaps.map((g, i) => [timed[i + 1]!.height, g]) })}>
          <Plot xName="block" yName="seconds" height={180} legend={false} lines={[{ name: "seconds", x: timed.slice(1).map((r) => r.height), y: gaps, points: gaps.length < 60 }, { name: "aimed at", x: [timed[1]!.height, timed.at(-1)!.height], y: [s.difficulty.target_block_time, s.difficulty.target_block_time], dashed: true }]} />
        </Card>
      )}
      <Card wide title="Blocks" table="fact_block" picture={false} take={() => ({ names: Object.keys(rows[0] ?? {}), rows: rows.map((r) => Object.values(r)) })}>
        {height < 1 && <Empty title="Block 0 stands alone">Accepted claims make blocks: the next one comes when their improvements reach the threshold.</Empty>}
        <Grid
          rows={rows}
          heads={[
            { name: "height", title: "block", number: true },
            { name: "time", show: (v, r) => (r.height ? moment(timeOf(v)) : "–") },
            { name: "generator", title: "made by", show: who },
            { name: "kinds", title: "holds", show: (k: Record<string, number>) => Object.entries(k).map(([n, c]) => <span class="chip" key={n}>{c > 1 ? `${c} × ` : ""}{n.replaceAll("_", " ")}</span>) },
            { name: "sum", title: "improvement", number: true, show: (v) => figure(v, 4) },
            { name: "threshold", number: true, show: (v) => figure(v, 4) },
            { name: "hash", show: (v) => <code>{short(v, 12)}</code> },
          ]}
        />
        <p class="pages">
          <button type="button" class="small" disabled={top >= height} onClick={() => amend({ top: top + 50 >= height ? "" : String(top + 50) })}>‹ newer</button>
          <button type="button" class="small" disabled={top < 50} onClick={() => amend({ top: String(top - 50) })}>older ›</button>
        </p>
      </Card>
    </>
  );
}

/** timeOf reads a block's time: RFC 3339, or µs since 1970. */
const timeOf = (v: unknown): Date => (typeof v === "number" ? new Date(v > 1e14 ? v / 1000 : v * 1000) : new Date(/Z$|[+-]\d\d:?\d\d$/.test(String(v)) ? String(v) : `${v}Z`));

export function Islands() {
  const s = use(state);
  const a = args();
  const { data: ways } = load<Table>(data("migrations", { sum: "1" }), 4000);
  if (!s) return <Trouble error="" />;
  const champions = new Set(Object.values(s.progress as Record<string, Row>).map((p) => p.champion?.optimizer_id));
  const connected = new Set<string>((s.connected as Row[]).map((p) => p.peer_id));
  const ids = [...new Set<string>([s.node_id, ...connected, ...((s.standings ?? []) as Row[]).map((p) => p.peer_id), ...objects(ways).flatMap((w) => [w.from_node, w.to_node])])].slice(0, 40);
  const nodes: Node[] = ids.map((id) => ({ id, self: id === s.node_id, connected: connected.has(id), champion: champions.has(id), label: id === s.node_id ? s.label || "this node" : short(id, 8) }));
  return (
    <>
      <Card wide title="Islands" table="fact_migration" note="Arrows are champions of other islands that came to this one, and how many of them were let in. An orange rim has a champion; grey is not connected now."
        take={() => ({ names: ways?.names ?? [], rows: ways?.rows ?? [] })}>
        {nodes.length < 2 && <Empty title="This island is alone">Peers are found in the local network, by <code>bootstrap_peers</code>, and through other peers. Meanwhile the search goes on.</Empty>}
        <IslandMap nodes={nodes} ways={objects(ways).map((w) => ({ from: w.from_node, to: w.to_node, migrants: w.migrants, accepted: w.accepted }))} />
      </Card>
      <Listing title="Migrations" view="migrations" empty="A verified champion of another island comes as soon as this node has trained it again with the same result." extra={{ domain: a.domain }}
        heads={[
          { name: "timestamp_utc", title: "when" },
          { name: "domain_id", title: "domain" },
          { name: "from_node", title: "from", show: who },
          { name: "performance", number: true },
          { name: "accepted", title: "let in", show: good },
          { name: "reason", wrap: true, show: (v) => v || "–" },
          { name: "round_number", title: "round", number: true },
          { name: "optimae_id", title: "claim", show: (v) => <a href={href("claims", { optimae: v })}><code>{short(v)}</code></a> },
        ]} />
    </>
  );
}

export function Reputation() {
  const s = use(state);
  if (!s) return <Trouble error="" />;
  const rows = (s.standings ?? []) as Row[];
  const connected = new Map((s.connected as Row[]).map((p) => [p.peer_id, p.endpoint]));
  const here = s.p2p?.reachability && s.p2p.reachability !== "unknown" ? `here, ${s.p2p.reachability}` : "here"; // public, private or relayed
  return (
    <Card wide title="Reputation" picture={false} note="As the chain has it: it grows with accepted claims and with votes that turned out right, and fades." take={() => ({ names: Object.keys(rows[0] ?? {}), rows: rows.map((r) => Object.values(r)) })}>
      {rows.length === 0 ? (
        <Empty title="The chain knows no peer yet">A node is known once a block holds its registration, a claim or a vote of it.</Empty>
      ) : (
        <Grid
          rows={rows}
          heads={[
            { name: "peer_id", title: "node", show: (v) => (v === s.node_id ? <b>this node</b> : <code>{short(v, 12)}</code>) },
            { name: "reputation", number: true, show: (v) => figure(v, 4) },
            { name: "accepted", title: "claims accepted", number: true },
            { name: "rejected", title: "rejected", number: true },
            { name: "agreed", title: "votes with the quorum", number: true },
            { name: "divergent", title: "against", number: true },
            { name: "balance", title: "DOIN", number: true, show: (v) => figure(v, 7) },
            { name: "evaluator", title: "registered", show: good },
            { name: "endpoint", title: "reached at", show: (_, r) => connected.get(r.peer_id) ?? (r.peer_id === s.node_id ? here : "not connected") },
          ]}
        />
      )}
    </Card>
  );
}

interface LogLine {
  number: number;
  time: string;
  level: string;
  message: string;
  text: string;
}

export function Log() {
  const a = args();
  const [lines, set] = useState<LogLine[]>([]);
  const [error, fail] = useState("");
  useEffect(() => {
    let gone = false;
    let last = 0;
    const more = async () => {
      try {
        const got = await ask<{ lines: LogLine[] }>(`/web/log?after=${last}`);
        if (gone) return;
        if (got.lines.length) {
          last = got.lines.at(-1)!.number;
          set((old) => [...old, ...got.lines].slice(-1000));
        }
        fail("");
      } catch (e) {
        if (!gone) fail((e as Error).message);
      }
      if (!gone) timer = setTimeout(more, 1500);
    };
    let timer = setTimeout(more, 0);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, []);
  const least = a.level ?? "INFO";
  const order = ["DEBUG", "INFO", "WARN", "ERROR"];
  const text = (a.find ?? "").toLowerCase();
  const shown = lines.filter((l) => order.indexOf(l.level) >= order.indexOf(least) && (!text || `${l.message} ${l.text}`.toLowerCase().includes(text))).reverse();
  return (
    <Card wide title="Log" picture={false} take={() => ({ names: ["time", "level", "message", "text"], rows: shown.map((l) => [l.time, l.level, l.message, l.text]) })}
      note={error || "The newest thousand lines since the node's start, the newest first."}
      tools={
        <>
          <label class="choice"><span>from</span>
            <select value={least} onChange={(e) => amend({ level: (e.target as HTMLSelectElement).value })}>{order.slice(1).map((o) => <option key={o}>{o}</option>)}</select>
          </label>
          <label class="choice"><span>find</span><input type="search" value={a.find ?? ""} onInput={(e) => amend({ find: (e.target as HTMLInputElement).value })} /></label>
        </>
      }>
      {shown.length === 0 ? <Empty title="No such line">Lower the level, or clear the search.</Empty> : (
        <div class="log">
          {shown.slice(0, 400).map((l) => (
            <div key={l.number} class={l.level.toLowerCase()}>
              <time>{moment(l.time)}</time> <b>{l.level}</b> {l.message} <span>{l.text}</span>
            </div>
          ))}
        </div>
      )}
    </Card>
  );
}

