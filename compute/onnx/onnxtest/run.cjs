// Executes a model: node run.cjs MODULES MODEL < questions > answers, both JSON lines. A question maps names of inputs to
// {"type": "double" | "string", "dims": […], "data": […]}; null among doubles is not a number. An answer maps names of outputs to
// {"dims", "data"}, or is {"error": "…"}.
const path = require('path');
const ort = require(path.join(process.argv[2], 'node_modules', 'onnxruntime-node'));
const readline = require('readline');

const kinds = {
  double: ['float64', (v) => Float64Array.from(v, (x) => (x === null ? NaN : x))],
  string: ['string', (v) => v],
};

async function main() {
  const session = await ort.InferenceSession.create(process.argv[3], { intraOpNumThreads: 1, logSeverityLevel: 3 });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const feeds = {};
    for (const [name, t] of Object.entries(JSON.parse(line))) {
      const [kind, of] = kinds[t.type];
      feeds[name] = new ort.Tensor(kind, of(t.data), t.dims);
    }
    const answer = {};
    try {
      for (const [name, t] of Object.entries(await session.run(feeds))) {
        answer[name] = { dims: t.dims.map(Number), data: Array.from(t.data, (x) => (typeof x === 'bigint' ? Number(x) : x)) };
      }
    } catch (err) {
      answer.error = String(err.message || err);
    }
    console.log(JSON.stringify(answer));
  }
}

main().catch((err) => { console.error(err.message || err); process.exit(1); });
