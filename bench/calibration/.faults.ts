import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, initializers } from '@tensorflow/tfjs-layers';
import { diagnosis, seed } from '/work/main/plugins/index.js';
import { Trainer, memorySink, fileSink } from '/work/main/src/index.js';
import { diagnose } from '/work/main/src/diagnosis/index.js';
import { chooseBackend } from '/work/main/src/backend/index.js';
import { RandomStreams } from '/work/main/src/random/index.js';
const filter = process.argv[2];
await chooseBackend('wasm');
const R = new RandomStreams(5).stream('x');
const blobs = (n = 400, c = 3, f = 8, apart = 1.5) => { const centres = Array.from({ length: c }, () => Array.from({ length: f }, () => apart * R.normal())); const y = Array.from({ length: n }, (_, i) => i % c); return { inputs: y.map((k) => centres[k]!.map((m) => m + R.normal())), labels: y }; };
const line = (n = 400, f = 8, noise = 0.3, scale = 1, shift = 0) => { const w = Array.from({ length: f }, () => R.normal()); const x = Array.from({ length: n }, () => Array.from({ length: f }, () => R.normal())); return { inputs: x, labels: x.map((r) => [shift + scale * (r.reduce((s, v, i) => s + v * w[i]!, 0) + noise * R.normal())]) }; };
const mlp = (f: number, hidden: number[], out: number, act: any = 'relu', outAct: any = undefined, more: any = {}) => sequential({ layers: [...hidden.map((u, i) => layers.dense({ units: u, activation: act, name: `h${i}`, ...(i === 0 ? { inputShape: [f] } : {}), ...more })), layers.dense({ units: out, name: 'out', ...(hidden.length === 0 ? { inputShape: [f] } : {}), ...(outAct ? { activation: outAct } : {}) })] });
const xent: any = { name: 'sparseCategoricalCrossentropy', fromLogits: true };
const shuffled = (d: any) => ({ inputs: d.inputs, labels: [...d.labels].sort(() => R.float() - 0.5) });
const cases: any[] = [
  { name: 'ok mlp adam', data: blobs(), model: () => mlp(8, [16], 3), loss: xent, opt: { name: 'adam', learningRate: 1e-2 } },
  { name: 'ok linear reg sgd', data: line(), model: () => mlp(8, [], 1), loss: 'meanSquaredError', opt: { name: 'sgd', learningRate: 0.01 } },
  { name: 'ok reg adam 1e-4 short', data: line(), model: () => mlp(8, [32], 1), loss: 'meanSquaredError', opt: { name: 'adam', learningRate: 1e-4 }, epochs: 10 },
  { name: 'ok sgd 1e-3 short', data: blobs(), model: () => mlp(8, [16], 3), loss: xent, opt: { name: 'sgd', learningRate: 1e-3 }, epochs: 10 },
  { name: 'ok unscaled labels', data: line(400, 8, 0.3, 100, 500), model: () => mlp(8, [32], 1), loss: 'meanSquaredError', opt: { name: 'adam', learningRate: 1e-2 }, epochs: 30 },
  { name: 'ok big rate bn', data: blobs(), model: () => sequential({ layers: [layers.dense({ units: 32, inputShape: [8] }), layers.batchNormalization(), layers.reLU(), layers.dropout({ rate: 0.3 }), layers.dense({ units: 3 })] }), loss: xent, opt: { name: 'adam', learningRate: 0.05 } },
  { name: 'ok xor', data: { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], labels: [[0], [1], [1], [0]] }, model: () => mlp(2, [8], 1, 'tanh', 'sigmoid'), loss: 'binaryCrossentropy', opt: { name: 'adam', learningRate: 0.05 }, batch: 4, epochs: 300 },
  { name: 'ok imbalanced', data: (() => { const d = blobs(600, 2, 6, 1); const keep = d.labels.map((y, i) => y === 0 || i % 20 === 1); return { inputs: d.inputs.filter((_, i) => keep[i]), labels: d.labels.filter((_, i) => keep[i]).map((y) => [y]) }; })(), model: () => mlp(6, [16], 1, 'relu', 'sigmoid'), loss: 'binaryCrossentropy', opt: { name: 'adam', learningRate: 1e-3 } },
  { name: 'ok autoencoder', data: (() => { const d = line(); return { inputs: d.inputs, labels: d.inputs }; })(), model: () => mlp(8, [4], 8), loss: 'meanSquaredError', opt: { name: 'adam', learningRate: 1e-2 } },
  { name: 'ok weak signal reg', data: line(500, 4, 6), model: () => mlp(4, [8], 1), loss: 'meanSquaredError', opt: { name: 'adam', learningRate: 3e-3 } },
  { name: 'diverge sgd', data: line(), model: () => mlp(8, [16], 1), loss: 'meanSquaredError', opt: { name: 'sgd', learningRate: 1 } },
  { name: 'diverge linear', data: line(), model: () => mlp(8, [], 1), loss: 'meanSquaredError', opt: { name: 'sgd', learningRate: 0.6 } },
  { name: 'adam 3', data: blobs(), model: () => mlp(8, [16], 3), loss: xent, opt: { name: 'adam', learningRate: 3 } },
  { name: 'adam 0.5 tanh', data: blobs(), model: () => mlp(8, [32, 32], 3, 'tanh'), loss: xent, opt: { name: 'adam', learningRate: 0.5 } },
  { name: 'rate 1e-7', data: blobs(), model: () => mlp(8, [16], 3), loss: xent, opt: { name: 'adam', learningRate: 1e-7 } },
  { name: 'rate 1e-6 sgd', data: blobs(), model: () => mlp(8, [16], 3), loss: xent, opt: { name: 'sgd', learningRate: 1e-6 } },
  { name: 'labels shuffled', data: shuffled(blobs()), model: () => mlp(8, [4], 3), loss: xent, opt: { name: 'adam', learningRate: 1e-3 } },
  { name: 'zero init', data: blobs(), model: () => mlp(8, [16, 16], 3, 'relu', undefined, { kernelInitializer: 'zeros' }), loss: xent, opt: { name: 'adam', learningRate: 1e-2 } },
  { name: 'neg bias dead', data: blobs(), model: () => mlp(8, [16, 16], 3, 'relu', undefined, { biasInitializer: initializers.constant({ value: -20 }) }), loss: xent, opt: { name: 'adam', learningRate: 1e-3 } },
  { name: 'saturated tanh', data: (() => { const d = blobs(); return { inputs: d.inputs.map((r) => r.map((v) => 1000 * v)), labels: d.labels }; })(), model: () => mlp(8, [16, 16], 3, 'tanh'), loss: xent, opt: { name: 'sgd', learningRate: 1e-2 } },
  { name: 'nan input', data: (() => { const d = blobs(); return { inputs: d.inputs.map((r, i) => i === 77 ? r.map(() => NaN) : r), labels: d.labels }; })(), model: () => mlp(8, [16], 3), loss: xent, opt: { name: 'adam', learningRate: 1e-2 } },
  { name: 'log 0', data: line(), model: () => mlp(8, [16], 1, 'relu', 'relu'), loss: (y: any, p: any) => tf.tidy(() => tf.neg(tf.mean(tf.mul(y, tf.log(p))))), opt: { name: 'adam', learningRate: 1e-3 } },
  { name: 'flipped xent', data: blobs(), model: () => mlp(8, [16], 3), loss: (y: any, p: any) => tf.tidy(() => tf.mean(tf.sum(tf.mul(tf.oneHot(tf.cast(tf.reshape(y, [-1]), 'int32'), 3), tf.logSoftmax(p)), 1))), opt: { name: 'adam', learningRate: 1e-2 } },
  { name: 'overfit', data: shuffled(blobs(60)), val: blobs(60), model: () => mlp(8, [64, 64], 3), loss: xent, opt: { name: 'adam', learningRate: 1e-2 }, epochs: 60 },
  { name: 'relu output neg targets', data: line(400, 8, .3, 1, -20), model: () => mlp(8, [16], 1, 'relu', 'relu'), loss: 'meanSquaredError', opt: { name: 'adam', learningRate: 1e-3 } },
  { name: 'deep sigmoid', data: blobs(), model: () => mlp(8, Array(8).fill(8), 3, 'sigmoid'), loss: xent, opt: { name: 'sgd', learningRate: 1e-2 } },
];
for (const c of cases.filter((x) => !filter || x.name.startsWith(filter))) {
  let model: any; const lines: string[] = []; const sink = memorySink(); let last: any;
  const trainer: any = new Trainer({ model: () => (model = c.model()), loss: c.loss, optimizer: c.opt, backend: 'keep', progress: false, logEvery: 10, sinks: [sink], plugins: [seed({ seed: 3 }), diagnosis({ autoFix: (process.env.FIX as any) ?? 'suggest' })] } as any);
  trainer.on('training-statistics', (e: any) => { last = e.data; });
  trainer.on('diagnosis', ({ data }: any) => { for (const f of data.findings) lines.push(`   ${f.severity} ${f.rule}: ${f.message} [${f.symptoms}]`); });
  trainer.on('repair', ({ data }: any) => lines.push('   REPAIR ' + JSON.stringify(data)));
  trainer.on('plugin-error', ({ data }: any) => lines.push('   PERR ' + JSON.stringify(data).slice(0, 600)));
  let out = '';
  try { const { history } = await trainer.fit(c.data, { ...(c.val ? { validation: c.val } : {}), epochs: c.epochs ?? 25, batchSize: c.batch ?? 32 }); out = `${history[0]?.metrics.loss?.toPrecision(3)} -> ${history.at(-1)?.metrics.loss?.toPrecision(3)}`; } catch (e: any) { out = String(e.message ?? e).slice(0, 300); }
  console.log(`${c.name}: ${out} r ${last?.outputs.map((o: any) => o.correlation?.toFixed(2))}`);
  for (const l of lines) if (process.env.INFO || !l.startsWith('   info')) console.log(l.slice(0, 340));
  if (process.env.LOG) { const d = diagnose((sink as any).events); console.log('   LOG', d.findings.map((f) => `${f.severity} ${f.rule}`).join(', '), d.decomposition?.next); }
  await trainer.dispose(); model?.dispose();
}
