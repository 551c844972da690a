// Clicks through every view of the dashboard of a live network of three nodes and of a node that has nothing to do, light and
// dark and narrow, and fails on a console error, a view that shows nothing, an answer of 500 or a request to anybody else.
//
//	node test/click.mjs [--bin DIR] [--seconds 40] [--shots DIR] [--chromium PATH] [--port 8600] [--url URL]
//
// Programs are taken from DIR (default ../../../bin). With --url the node there is visited, and none is started;
// with --empty-only the network is left out.
import { chromium } from "playwright-core";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, mkdirSync, writeFileSync, rmSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../../../..");
const option = (name, otherwise) => {
  const i = process.argv.indexOf("--" + name);
  return i < 0 ? otherwise : process.argv[i + 1];
};
const bin = resolve(option("bin", join(root, "bin")));
const port = Number(option("port", 8600));
const shots = option("shots", "");
const browserPath = option("chromium", ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync));
const views = ["overview", "champion", "history", "trials", "curves", "parallel", "importance", "generations", "timeline", "runs", "family", "claims", "chain", "islands", "reputation", "log"];
const wrong = [];

/** start runs a program and returns how to end it. */
function start(name, args, cwd) {
  const p = spawn(join(bin, name), args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  p.stderr.on("data", (d) => (said = (said + d).slice(-4000)));
  const ended = new Promise((done) => p.on("exit", done));
  return { said: () => said, end: () => (p.kill("SIGINT"), ended) };
}

/** until asks again until an answer is as it should be, for a while. */
async function until(what, ok, limit = 60_000) {
  const end = Date.now() + limit;
  for (;;) {
    try {
      if (await ok()) return;
    } catch {
      // not yet
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${limit / 1000} s`);
    await new Promise((done) => setTimeout(done, 300));
  }
}

async function visit(browser, url, label, { dark = false, width = 1360, height = 900, only = views } = {}) {
  const context = await browser.newContext({ colorScheme: dark ? "dark" : "light", viewport: { width, height }, deviceScaleFactor: 1 });
  const page = await context.newPage();
  page.on("console", (m) => m.type() === "error" && wrong.push(`${label}: console: ${m.text()} ${m.location().url}`));
  page.on("pageerror", (e) => wrong.push(`${label}: ${e.stack ?? e}`));
  page.on("request", (r) => {
    const u = r.url();
    if (!u.startsWith(url) && !/^(data|blob):/.test(u)) wrong.push(`${label}: asked elsewhere: ${u}`);
  });
  page.on("response", (r) => r.status() >= 500 && wrong.push(`${label}: ${r.status()} ${r.url()}`));
  const began = Date.now();
  await page.goto(url + "/", { waitUntil: "load" });
  await page.waitForSelector(".tiles, .empty");
  console.log(`${label}: first paint ${Date.now() - began} ms`);
  for (const view of only) {
    if (width < 760) await page.click(".menu");
    await page.click(`nav a[data-view=${view}]`);
    await page.waitForSelector(`main[data-view=${view}] :is(.card, .tiles, .empty)`, { timeout: 15_000 });
    await page.waitForTimeout(view === "champion" ? 6000 : 1200);
    const text = (await page.textContent("main")).trim();
    if (text.length < 20) wrong.push(`${label}: ${view} shows nothing: ${text}`);
    if (await page.$("main .empty.bad")) wrong.push(`${label}: ${view}: ${await page.textContent("main .empty.bad")}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 1) wrong.push(`${label}: ${view} is ${wide} px too wide`);
    if (shots) {
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `${label}-${view}.png`), fullPage: false });
    }
    if (width >= 760) await pokeAt(page, view);
  }
  // What is taken along: a picture and numbers of the history.
  if (only.includes("history") && label.startsWith("live")) {
    await page.keyboard.press("3");
    for (const kind of ["PNG", "CSV", "Parquet"]) {
      await page.waitForSelector(`main[data-view=history] .tools :is(button, a):text-is("${kind}")`);
      const [file] = await Promise.all([page.waitForEvent("download"), page.click(`main .tools :is(button, a):text-is("${kind}")`)]);
      if (!file.suggestedFilename().endsWith(kind.toLowerCase())) wrong.push(`${label}: ${kind} is called ${file.suggestedFilename()}`);
    }
  }
  await context.close();
}

/** read opens a report from its folder: a page of a file, which asks for nothing and draws what the dashboard does. */
async function read(browser, folder, label, { dark = false, width = 1360 } = {}) {
  const context = await browser.newContext({ colorScheme: dark ? "dark" : "light", viewport: { width, height: 900 } });
  const page = await context.newPage();
  const url = pathToFileURL(join(folder, "index.html")).href;
  page.on("console", (m) => m.type() === "error" && wrong.push(`${label}: console: ${m.text()}`));
  page.on("pageerror", (e) => wrong.push(`${label}: ${e.stack ?? e}`));
  page.on("request", (r) => r.url() !== url && !/^(data|blob):/.test(r.url()) && wrong.push(`${label}: asked for ${r.url()}`));
  await page.goto(url, { waitUntil: "load" });
  await page.waitForSelector(".card canvas", { timeout: 15_000 }).catch(() => wrong.push(`${label}: nothing is drawn`));
  if (await page.$("figure")) wrong.push(`${label}: still pictures stand beside the drawn ones`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 1) wrong.push(`${label}: ${wide} px too wide`);
  if (width >= 760) {
    await pokeAt(page, "report");
    for (const kind of ["PNG", "CSV"]) {
      const [file] = await Promise.all([page.waitForEvent("download"), page.click(`.tools button:text-is("${kind}")`)]);
      if (!file.suggestedFilename().endsWith(kind.toLowerCase())) wrong.push(`${label}: ${kind} is called ${file.suggestedFilename()}`);
    }
  }
  if (shots) await page.screenshot({ path: join(shots, `${label}.png`), fullPage: true });
  await context.close();
  const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await plain.goto(url);
  if (!(await plain.$("figure svg"))) wrong.push(`${label}: without scripts there are no pictures`);
  await plain.context().close();
}

/** pokeAt does in a view what people do there: hover, zoom, open a row. */
async function pokeAt(page, view) {
  const plot = await page.$("main .u-over");
  if (plot) {
    const box = await plot.boundingBox();
    if (box && box.y < 800) {
      await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.5);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.5, { steps: 4 });
      await page.mouse.up();
      await page.waitForTimeout(250);
      await page.mouse.dblclick(box.x + box.width * 0.5, box.y + box.height * 0.5);
      await page.waitForTimeout(150);
    }
  }
  if (view === "trials" && (await page.$("main tbody tr.link"))) {
    await page.click('main th button:has-text("score")');
    await page.waitForTimeout(500);
    await page.click("main tbody tr.link");
    await page.waitForSelector('main h3:has-text("Parameters")');
    await page.waitForTimeout(400);
    if (shots) await page.screenshot({ path: join(shots, "trial.png") });
  }
  if (view === "importance" && (await page.$("main g.pick"))) {
    const bars = await page.$$("main g.pick");
    await bars[Math.min(1, bars.length - 1)].click();
    await page.waitForTimeout(600);
  }
  if (view === "claims" && (await page.$("main tbody tr.link"))) await page.click("main tbody tr.link");
}

const folder = mkdtempSync(join(tmpdir(), "doin-web-"));
const running = [];
try {
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--no-proxy-server"] });
  const given = option("url", "");
  const emptyOnly = process.argv.includes("--empty-only");
  const live = given || `http://localhost:${port}`;
  if (!given && !emptyOnly) {
    running.push(start("doin-node", ["local", "--nodes", "3", "--config", "examples/co2/node.json", "--port", String(port), "-d", join(folder, "net"), "--json"], root));
    await until("a network with a champion and rounds", async () => {
      const s = await (await fetch(live + "/web/state")).json();
      return s.peers === 2 && s.progress.co2.rounds > 5 && s.progress.co2.champion && s.chain_height > 1;
    }, 180_000);
    await new Promise((done) => setTimeout(done, 1000 * Number(option("seconds", 20))));
  }
  if (!emptyOnly) {
    await visit(browser, live, "live-light");
    await visit(browser, live, "live-dark", { dark: true });
    await visit(browser, live, "live-narrow", { width: 390, height: 800 });
  }
  if (!given) {
    await Promise.all(running.splice(0).map((r) => r.end()));
    if (!emptyOnly) {
      const out = join(folder, "report");
      const told = spawnSync(join(bin, "doin-node"), ["report", "--data-dir", join(folder, "net"), "--out", out], { cwd: root, encoding: "utf8", timeout: 120_000 });
      if (told.status !== 0) wrong.push(`report: ${told.stderr}`);
      else for (const [label, how] of [["report-light", {}], ["report-dark", { dark: true }], ["report-narrow", { width: 390 }]]) await read(browser, out, label, how);
    }
    // A node without a domain, alone: what does it say?
    const config = join(folder, "empty.json");
    writeFileSync(config, JSON.stringify({ host: "127.0.0.1", port: port + 10, data_dir: join(folder, "empty"), node_label: "empty", domains: [{ domain_id: "quiet", optimize: false, evaluate: true, optimization_plugin: "quadratic" }] }));
    running.push(start("doin-node", ["--config", config], root));
    const url = `http://localhost:${port + 10}`;
    await until("a node alone", async () => (await fetch(url + "/health")).ok, 60_000);
    await visit(browser, url, "empty-light");
    await visit(browser, url, "empty-dark", { dark: true, only: ["overview", "trials", "chain"] });
  }
  await browser.close();
} finally {
  await Promise.all(running.map((r) => r.end()));
  rmSync(folder, { recursive: true, force: true });
}
for (const w of [...new Set(wrong)]) console.error(w);
console.log(wrong.length ? `${wrong.length} things are wrong` : "every view is well");
process.exit(wrong.length ? 1 : 0);
