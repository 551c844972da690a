// Measures the dashboard over a large database, that of bench/dashboard, and prints a table.
//
//	go run ./bench/dashboard --rounds 1000000 --trials 1000000 --curves 200000 --out /tmp/large
//	node test/measure.mjs --data /tmp/large [--bin DIR] [--port 8700] [--chromium PATH] [--times 5]
//
// Each figure is the median of some visits: from a click, or the question, until the picture stands; "asked" is the node's
// answer alone. Bytes are those of one answer, heap is the node's.
import { chromium } from "playwright-core";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");
const option = (name, otherwise) => {
  const i = process.argv.indexOf("--" + name);
  return i < 0 ? otherwise : process.argv[i + 1];
};
const bin = resolve(option("bin", join(root, "bin")));
const port = Number(option("port", 8700));
const times = Number(option("times", 5));
const url = `http://localhost:${port}`;
const folder = mkdtempSync(join(tmpdir(), "doin-measure-"));
writeFileSync(join(folder, "node.json"), JSON.stringify({
  host: "127.0.0.1", port, data_dir: join(folder, "data"), olap_db_path: join(resolve(option("data", ".")), "olap.db"), node_label: "large",
  domains: [{ domain_id: "large", optimize: false, evaluate: true, optimization_plugin: "quadratic" }],
}));
const node = spawn(join(bin, "doin-node"), ["--config", join(folder, "node.json")], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
const ended = new Promise((done) => node.on("exit", done));
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const rows = [];
const note = (what, ms, limit, more = "") => {
  rows.push([what, `${Math.round(ms)} ms`, limit, more]);
  console.error(`${what}: ${Math.round(ms)} ms ${more}`);
};
const get = async (path) => {
  const began = performance.now();
  let answer = await fetch(url + path);
  for (let i = 0; i < 60 && answer.status === 503; i++) { // the machine is too busy for a budget: the time goes on
    await answer.arrayBuffer();
    answer = await fetch(url + path);
  }
  const body = await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${new TextDecoder().decode(body)}`);
  return { ms: performance.now() - began, bytes: body.byteLength, body };
};
const head = (body) => JSON.parse(new TextDecoder().decode(new Uint8Array(body, 8, new DataView(body).getUint32(0, true))));

try {
  const began = performance.now();
  for (let up = false; !up; ) {
    up = await fetch(url + "/health").then((a) => a.ok, () => false);
    if (!up) await new Promise((done) => setTimeout(done, 100));
    if (performance.now() - began > 120_000) throw new Error("the node does not start");
  }
  const started = performance.now();
  const browser = await chromium.launch({ executablePath: option("chromium", ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync)), args: ["--no-sandbox", "--no-proxy-server"] });
  const paint = async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url + "/");
    await page.waitForSelector(".tiles");
    const ms = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? performance.now());
    await context.close();
    return ms;
  };
  note("first paint, node just started", await paint(), "1000 ms");
  let rounds = 0;
  let trials = 0;
  for (let seen = -1; seen !== rounds + trials; ) {
    seen = rounds + trials;
    await new Promise((done) => setTimeout(done, 4000));
    rounds = head((await get("/web/data/history?width=16")).body).runs?.[0]?.rounds ?? 0;
    trials = (head((await get("/web/data/timeline?width=16")).body).lanes ?? []).reduce((n, l) => n + l.trials, 0);
  }
  note(`rows are in memory: ${rounds} rounds, ${trials} trials`, performance.now() - started, "");
  note("first paint", median(await repeat(paint)), "1000 ms");

  // Questions, each with other numbers, so that no answer is kept.
  let k = 0;
  const asked = async (what, path, limit) => {
    const got = await repeat(async () => get(path(k++)));
    note(`asked: ${what}`, median(got.map((g) => g.ms)), limit, `${Math.round(Math.max(...got.map((g) => g.bytes)) / 1000)} kB`);
  };
  await asked("history, all", (k) => `/web/data/history?width=${1000 + k}`, "100 ms");
  await asked("history, a tenth", (k) => `/web/data/history?width=1000&from=${rounds / 3 + k}&to=${rounds / 3 + rounds / 10 + k}`, "100 ms");
  await asked("timeline, all", (k) => `/web/data/timeline?width=${1000 + (k % 20)}`, "100 ms");
  const low = head((await get("/web/data/timeline?width=16")).body).low;
  await asked("timeline, a minute with each training", (k) => `/web/data/timeline?width=1000&from=${low + 600 + k}&to=${low + 660 + k}`, "100 ms");
  await asked("learning curves, best", (k) => `/web/data/curves?sort=best&limit=${24 - (k % 10)}`, "100 ms");
  await asked("learning curves, newest", (k) => `/web/data/curves?sort=newest&limit=${24 - (k % 10)}`, "100 ms");
  await asked("trials, newest", (k) => `/web/data/trials?offset=${50 * k}`, "200 ms");
  await asked("trials, best", (k) => `/web/data/trials?sort=best&offset=${50 * k}`, "200 ms");
  await asked("trials, page 1,000", (k) => `/web/data/trials?sort=best&offset=${50_000 + k}`, "200 ms");
  await asked("trials, failed of the newest 50,000, slowest", (k) => `/web/data/trials?sort=slowest&status=failed&offset=${k}`, "");
  const first = await get("/web/data/parallel?axes=7");
  note("asked: parallel coordinates, with a sample and a forest", first.ms, "1000 ms", `${Math.round(first.bytes / 1000)} kB, ${head(first.body).taken} trials`);
  await asked("parallel coordinates, again", (k) => `/web/data/parallel?lines=${4000 - k}&axes=7`, "1000 ms");
  await asked("importance, again", (k) => `/web/data/importance?k=${k}`, "1000 ms");
  await asked("slice", (k) => `/web/data/slice?name=p00&k=${k}`, "1000 ms");

  // In a browser: from the click until the picture stands.
  const page = await browser.newPage();
  await page.goto(url + "/");
  await page.waitForSelector(".tiles");
  const clicked = async (what, view, ready, limit) => {
    const ms = await repeat(async () => {
      await page.click("nav a[data-view=reputation]");
      await page.waitForSelector("main[data-view=reputation] .card");
      return page.evaluate(([view, ready]) => new Promise((done) => {
        const began = performance.now();
        document.querySelector(`nav a[data-view=${view}]`).click();
        const look = () => (document.querySelector(ready) ? requestAnimationFrame(() => done(performance.now() - began)) : requestAnimationFrame(look));
        look();
      }), [view, ready]);
    });
    note(`in the browser: ${what}`, median(ms), limit);
  };
  await clicked("history", "history", "main[data-view=history] canvas", "");
  await clicked("learning curves", "curves", "main[data-view=curves] canvas", "100 ms");
  await clicked("trials", "trials", "main[data-view=trials] tbody tr", "");
  await clicked("timeline", "timeline", "main[data-view=timeline] canvas", "");
  await clicked("parallel coordinates", "parallel", "main[data-view=parallel] canvas", "1000 ms");
  await clicked("importance and slice", "importance", "main[data-view=importance] canvas", "1000 ms");
  await browser.close();

  const status = readFileSync(`/proc/${node.pid}/status`, "utf8");
  const metrics = await (await fetch(url + "/metrics")).text();
  const heap = /^go_memstats_heap_alloc_bytes (\S+)/m.exec(metrics)?.[1];
  rows.push(["the node's heap", heap ? `${Math.round(Number(heap) / 1e6)} MB` : "not told", "150 MB", ""]);
  rows.push(["the node's resident memory", `${Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000)} MB, at most ${Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000)} MB`, "", ""]);
} finally {
  node.kill("SIGINT");
  await ended;
  rmSync(folder, { recursive: true, force: true });
  console.log("| what | measured | aim | answer |\n|---|---:|---:|---:|");
  for (const r of rows) console.log(`| ${r.join(" | ")} |`);
}

async function repeat(f) {
  const out = [];
  for (let i = 0; i < times; i++) out.push(await f());
  return out;
}
