// The page's logic that needs no browser. Run by "npm test", after a compilation of the types away.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { decode } = await load("columns.ts");
const { csv, figure, seconds, bytes, when, cell, percent } = await load("format.ts");
const { read, best } = await load("score.ts");

test("columns are read as olap/live writes them", () => {
  const head = JSON.stringify({ columns: [{ name: "a", type: "f64", count: 2 }, { name: "b", type: "u8", count: 3 }, { name: "c", type: "f32", count: 1 }, { name: "d", type: "u16", count: 2 }], k: "é" });
  const text = new TextEncoder().encode(head);
  const length = Math.ceil(text.length / 8) * 8;
  const buffer = new ArrayBuffer(8 + length + 16 + 8 + 8 + 8);
  const view = new DataView(buffer);
  view.setUint32(0, length, true);
  new Uint8Array(buffer, 8, length).fill(32).set(text);
  view.setFloat64(8 + length, 1.5, true);
  view.setFloat64(16 + length, -2, true);
  new Uint8Array(buffer, 24 + length, 3).set([7, 8, 255]);
  view.setFloat32(32 + length, 0.25, true);
  view.setUint16(40 + length, 65535, true);
  const c = decode(buffer);
  assert.equal(c.head.k, "é");
  assert.deepEqual([...c.of("a")], [1.5, -2]);
  assert.deepEqual([...c.of("b")], [7, 8, 255]);
  assert.deepEqual([...c.of("c")], [0.25]);
  assert.deepEqual([...c.of("d")], [65535, 0]);
  assert.equal(c.of("none").length, 0);
});

test("numbers as people read them", () => {
  for (const [v, want] of [[0, "0"], [12345, "12,345"], [1234, "1234"], [0.2234567, "0.22346"], [-1e-7, "-1.000e-7"], [NaN, "–"], [null, "–"], [3.1e12 + 0.5, "3.100e12"]]) assert.equal(figure(v), want);
  for (const [v, want] of [[0.01, "10 ms"], [0.039, "39 ms"], [2.5, "2.5 s"], [75, "1 min 15 s"], [7300, "2 h 2 min"], [90000, "1 d 1 h"], [null, "–"]]) assert.equal(seconds(v), want);
  assert.equal(bytes(512), "512 B");
  assert.equal(bytes(12.5 * 2 ** 20), "12.5 MiB");
  assert.equal(percent(0.974), "97 %");
  assert.equal(when("2026-01-01T00:00:00.000000+00:00").getTime(), 1767225600000);
  assert.equal(when("2026-01-01T00:00:00").getTime(), 1767225600000);
  assert.equal(when(1767225600).getTime(), 1767225600000);
  assert.equal(when(1767225600000000).getTime(), 1767225600000);
  assert.equal(when("soon"), null);
  assert.equal(cell("digest", "a".repeat(64)), "aaaaaaaaaa");
  assert.equal(cell("agree", false), "no");
});

test("a file of numbers", () => {
  assert.equal(csv(["a", 'b "c"'], [[1, "x,y"], [null, NaN], [{ k: 1 }, "z\n"]]), 'a,"b ""c"""\n1,"x,y"\n,\n"{""k"":1}","z\n"\n');
});

test("scores are read as doin-node report reads them", () => {
  const metrics = { val_mae: 0.2, test_mae: 0.3, val_mase: 0.1, val_naive_mae: 1, test_naive_mae: 1.1, "val_ar.12_mae": 0.29, val_relative_mae: 0.2 };
  const { kind, own, others } = read(metrics, metrics);
  assert.equal(kind, "mae");
  assert.deepEqual(own, { name: "champion", validation: 0.2, test: 0.3 });
  assert.deepEqual(others.map((o) => o.name), ["naive", "ar.12"]);
  assert.equal(best(others).name, "ar.12");
  assert.equal(read(null, { val_naive_cross_entropy: 0.6 }).kind, "cross_entropy");
  assert.deepEqual(read({}, {}), { kind: "", own: null, others: [] });
});
