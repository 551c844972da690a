import { render, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import "./style.css";
import { amend, connect, href, link, place, state, theme, use } from "./store.ts";
import { toggleTheme } from "./theme.ts";
import { short } from "./format.ts";
import { Choice } from "./table.tsx";
import { Overview } from "./views/overview.tsx";
import { Curves, FamilyView, Generations, History, ImportanceView, ParallelView, RunsView, Timeline, Trials } from "./views/search.tsx";
import { Chain, Claims, Islands, Log, Reputation } from "./views/network.tsx";
import { Champion } from "./views/champion.tsx";

// The views, by groups, with the key that goes there.
const views: [string, string, string, ComponentType][] = [
  ["overview", "Overview", "1", Overview],
  ["champion", "Champion", "2", Champion],
  ["history", "History", "3", History],
  ["trials", "Trials", "4", Trials],
  ["curves", "Learning curves", "5", Curves],
  ["parallel", "Parallel coordinates", "6", ParallelView],
  ["importance", "Importance", "7", ImportanceView],
  ["generations", "Generations", "8", Generations],
  ["timeline", "Timeline", "9", Timeline],
  ["runs", "Runs", "0", RunsView],
  ["family", "Family tree", "f", FamilyView],
  ["claims", "Claims and votes", "c", Claims],
  ["chain", "Chain", "b", Chain],
  ["islands", "Islands", "i", Islands],
  ["reputation", "Reputation", "r", Reputation],
  ["log", "Log", "l", Log],
];
const groups: [string, string[]][] = [
  ["", ["overview", "champion"]],
  ["Search", ["history", "trials", "curves", "parallel", "importance", "generations", "timeline", "runs", "family"]],
  ["Network", ["claims", "chain", "islands", "reputation"]],
  ["Node", ["log"]],
];

function App() {
  const { view, args } = use(place);
  const s = use(state);
  const how = use(link);
  const look = use(theme);
  const [open, setOpen] = useState(false);
  const [help, setHelp] = useState(false);
  const found = views.find(([name]) => name === view) ?? views[0]!;
  useEffect(() => {
    document.title = `${found[1]} · ${s?.label || "DOIN"}`;
    setOpen(false);
  }, [view, s?.label]);
  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || /INPUT|SELECT|TEXTAREA/.test((e.target as HTMLElement).tagName)) return;
      const v = views.find(([, , k]) => k === e.key);
      if (v) location.hash = href(v[0], { domain: place.get().args.get("domain") });
      else if (e.key === "d") toggleTheme();
      else if (e.key === "?") setHelp((h) => !h);
      else if (e.key === "Escape") setHelp(false);
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const domains = Object.keys(s?.domains ?? {});
  const View = found[3];
  return (
    <>
      <header class="top">
        <button type="button" class="menu small" aria-expanded={open} aria-label="views" onClick={() => setOpen(!open)}>☰</button>
        <a class="brand" href="#/overview">
          <img src="/web/icon.svg" width="24" height="24" alt="" /> {s?.label || "DOIN"}
        </a>
        {s && <code class="id" title={s.node_id}>{short(s.node_id, 8)}</code>}
        <span class="grow" />
        {domains.length > 1 && <Choice label="domain" value={args.get("domain") ?? ""} options={[["", "all"], ...domains.map((d) => [d, d] as [string, string])]} onChange={(v) => amend({ domain: v, run: "", offset: "" })} />}
        <span class={"status " + how} role="status" title={how === "live" ? "told of every change" : "the node does not answer"}>{how === "live" ? "live" : how === "lost" ? "no answer" : "…"}</span>
        <button type="button" class="small" title="light or dark (d)" aria-label="light or dark" onClick={toggleTheme}>{look === "dark" ? "☀" : "☾"}</button>
        <button type="button" class="small" title="keys (?)" aria-label="keys" onClick={() => setHelp(!help)}>?</button>
      </header>
      <nav class={open ? "open" : ""} aria-label="views">
        {groups.map(([title, names]) => (
          <div key={title}>
            {title && <h2>{title}</h2>}
            {names.map((name) => {
              const v = views.find(([n]) => n === name)!;
              return (
                <a key={name} href={href(name, { domain: args.get("domain") })} aria-current={name === found[0] ? "page" : undefined} data-view={name} onClick={() => setOpen(false)}>
                  {v[1]}
                </a>
              );
            })}
          </div>
        ))}
      </nav>
      <main id="main" data-view={found[0]}>
        <h1>{found[1]}</h1>
        <View key={found[0]} />
      </main>
      {help && (
        <div class="help" role="dialog" aria-label="keys" onClick={() => setHelp(false)}>
          <dl class="facts card">
            {views.map(([name, title, key]) => [<dt key={name}><kbd>{key}</kbd></dt>, <dd key={name + "="}>{title}</dd>])}
            <dt><kbd>d</kbd></dt>
            <dd>light or dark</dd>
            <dt><kbd>?</kbd></dt>
            <dd>this list</dd>
          </dl>
        </div>
      )}
    </>
  );
}

connect();
render(<App />, document.getElementById("app")!);
