import * as tf from '@tensorflow/tfjs-core';
import { difference, fixed, onBoth, type Result } from './on-backends.js';
let seed = Number(process.argv[3] ?? 1);
const rnd = (n: number): number => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return (seed >>> 8) % n; };
const pick = <T>(...xs: T[]): T => xs[rnd(xs.length)]!;
async function go(name: string, n: number, make: () => [string, () => tf.Tensor | tf.Tensor[]], tol = 2e-5) {
  let bad = 0, threw = 0, ok = 0, wasmThrew = 0;
  for (let i = 0; i < n; i++) {
    const [label, f] = make(); if (process.env['V']) console.log('CASE', label);
    let cpu: Result[] | undefined, both: {cpu: Result[], wasm: Result[]} | undefined; let err: unknown;
    const said: string[] = []; const old = [console.log, console.warn, console.error];
    try { both = await onBoth(f); } catch (e) { err = e; }
    [console.log, console.warn, console.error] = old as any; if (said.some(x => x.includes('status') || x.includes('dtype'))) console.log('SAID', label, said.join().slice(0, 200));
    if (both === undefined) {
      const where = tf.getBackend();
      if (where === 'cpu') threw++; else { wasmThrew++; if (wasmThrew < 6) console.log(name, 'wasm throws', label, (err as Error).message.slice(0, 200)); }
      continue;
    }
    let wrong = '';
    both.cpu.forEach((c, at) => { const w = both!.wasm[at]!; if (c.shape.map(x=>x+0).join() !== w.shape.join() || c.dtype !== w.dtype) wrong += ` shape ${c.shape} ${w.shape} ${c.dtype} ${w.dtype}`; const d = difference(w.values, c.values); if (!(d < tol)) wrong += ` result ${at}: ${d} cpu ${c.values.slice(0,8)} wasm ${w.values.slice(0,8)}`; });
    if (wrong) { bad++; if (bad < 8) console.log(name, 'WRONG', label, wrong.slice(0,400)); } else ok++;
  }
  console.log(name, { ok, bad, cpuThrew: threw, wasmThrew });
}
const N = Number(process.argv[2] ?? 200);
const only = process.argv[4];
const suites: Record<string, () => Promise<void>> = {
  conv3d: () => go('conv3d', N, () => {
    const x = [pick(1,2,3), pick(1,2,3,4,5), pick(1,2,3,4,6), pick(1,2,3,5), pick(1,2,3)];
    const f = [pick(1,2,3), pick(1,2,3), pick(1,2,3), x[4]!, pick(1,2,5)];
    const s: [number, number, number] = [pick(1,2,3), pick(1,2,3), pick(1,2,3)]; const pad = pick('same', 'valid') as 'same';
    return [JSON.stringify({x, f, s, pad}), () => { const y = (a: tf.Tensor, b: tf.Tensor) => tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, s, pad);
      const X = fixed(x), F = fixed(f, 2), Y = y(X, F); const g = tf.grads(y)([X, F], fixed(Y.shape, 3)); return [Y, ...g]; }];
  }),
  pool: () => go('pool', N, () => {
    const x = [pick(1,2,4), pick(1,2,3,4,6,7), pick(1,2,3,5,8), pick(1,2,3,4,5,8)] as [number,number,number,number];
    const w: [number, number] = [pick(1,2,3,5), pick(1,2,3,4)]; const s: [number, number] = [pick(1,2,3), pick(1,2,3)];
    const pad = pick<any>('same', 'valid', 0, 1, 2, [[0,0],[pick(0,1,2),pick(0,1,2)],[pick(0,1),pick(0,1,3)],[0,0]]);
    const r = typeof pad === 'string' ? undefined : pick('floor' as const, 'ceil' as const, 'round' as const); const kind = pick('max', 'avg');
    return [JSON.stringify({x, w, s, pad, r, kind}), () => { const p = (a: tf.Tensor) => kind === 'max' ? tf.maxPool(a as tf.Tensor4D, w, s, pad, r) : tf.avgPool(a as tf.Tensor4D, w, s, pad, r); return p(fixed(x)); }];
  }),
  poolgrad: () => go('poolgrad', N, () => {
    const x = [pick(1,2,4), pick(1,2,3,4,6,7), pick(1,2,3,5,8), pick(1,2,3,4,5,8)] as [number,number,number,number];
    const w: [number, number] = [pick(1,2,3,5), pick(1,2,3,4)]; const s: [number, number] = [pick(1,2,3), pick(1,2,3)];
    const pad = pick<any>('same', 'valid', 0, 1, 2);
    const r = typeof pad === 'string' ? undefined : pick('floor' as const, 'ceil' as const, 'round' as const); const kind = pick('max', 'avg');
    if (r !== undefined && r !== 'floor') return ['skip', () => tf.zeros([1])]; return [JSON.stringify({x, w, s, pad, r, kind}), () => { const p = (a: tf.Tensor) => kind === 'max' ? tf.maxPool(a as tf.Tensor4D, w, s, pad, r) : tf.avgPool(a as tf.Tensor4D, w, s, pad, r); return tf.grad(a => tf.square(p(a)))(fixed(x)); }];
  }),
  pool3d: () => go('pool3d', N, () => {
    const x = [pick(1,2), pick(1,2,3,4,6), pick(1,2,3,5), pick(1,2,3,6), pick(1,2,3,4)] as [number,number,number,number,number];
    const w: [number, number, number] = [pick(1,2,3), pick(1,2,3,4), pick(1,2,3)]; const s: [number, number,number] = [pick(1,2,3), pick(1,2,3), pick(1,2,3)];
    const pad = pick<any>('same', 'valid', 0, 1, 2); const r = typeof pad === 'string' ? undefined : pick('floor' as const, 'ceil' as const, 'round' as const); const kind = pick('max', 'avg');
    return [JSON.stringify({x, w, s, pad, r, kind}), () => { const p = (a: tf.Tensor) => kind === 'max' ? tf.maxPool3d(a as tf.Tensor5D, w, s, pad, r) : tf.avgPool3d(a as tf.Tensor5D, w, s, pad, r); const X = fixed(x); if (kind === 'max' && w[1] !== w[2]) return p(X); return [p(X), tf.grad(a => tf.square(p(a)))(X)]; }];
  }),
  conv2d: () => go('conv2d', N, () => {
    const x = [pick(1,2,3), pick(1,2,3,4,6), pick(1,2,3,5), pick(1,2,3)];
    const dw = pick(0,1);
    const f = [pick(1,2,3,4), pick(1,2,3,5), x[3]!, pick(1,2,5)];
    const s: [number, number] = [pick(1,2,3), pick(1,2,3)]; const pad = pick('same', 'valid') as 'same';
    return [JSON.stringify({x, f, s, pad, dw}), () => { const y = (a: tf.Tensor, b: tf.Tensor) => dw ? tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, s, pad) : tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, s, pad);
      const X = fixed(x), F = fixed(f, 2), Y = y(X, F); const g = tf.grads(y)([X, F], fixed(Y.shape, 3)); return [Y, ...g]; }];
  }),
  reduce: () => go('reduce', N, () => {
    const x = Array.from({length: pick(1,2,3,4)}, () => pick(1,2,3,4,0)); const axes = Array.from({length: pick(1,1,2,3)}, () => rnd(x.length)).filter((v, i, a) => a.indexOf(v) === i);
    const d = pick('float32', 'int32') as 'int32'; const keep = pick(true, false);
    return [JSON.stringify({x, axes, d, keep}), () => { const X = tf.cast(tf.mul(fixed(x), 5), d); const B = tf.cast(X, 'bool'); return [tf.max(X, axes, keep), tf.min(X, axes, keep), tf.prod(X, axes, keep), tf.any(B, axes, keep), tf.all(B, axes, keep), tf.sum(X, axes, keep), tf.mean(X, axes, keep), tf.mean(B, axes, keep)]; }];
  }),
  unary: () => go('unary', N, () => {
    const d = pick('float32', 'int32', 'bool') as 'int32'; const op = pick('relu','relu6','abs','neg','square','sqrt','exp','sign','step','clipByValue','sigmoid','tanh','elu','leakyRelu','softplus','floor','ceil','round','log','log1p','expm1','rsqrt','reciprocal','cumsum','softmax','logSoftmax','sin','erf','selu','onesLike','zerosLike','isNaN','logicalNot','reverse','transpose');
    return [JSON.stringify({d, op}), () => { const X = tf.cast(tf.mul(fixed([3,5]), 9), d); const t = tf as any; return op === 'clipByValue' ? tf.clipByValue(X, -3, 4) : t[op](X); }];
  }),
  binary: () => go('binary', N, () => {
    const d = pick('float32', 'int32') as 'int32'; const op = pick('add','sub','mul','div','floorDiv','maximum','minimum','mod','pow','squaredDifference','greater','less','equal','prelu','atan2');
    const sh = pick([[3,5],[5]],[[3,5],[3,1]],[[2,1,4],[3,1]],[[3,5],[1]]) as number[][];
    return [JSON.stringify({d, op, sh}), () => { const X = tf.cast(tf.mul(fixed(sh[0]!), 9), d); const Y = tf.cast(tf.add(tf.abs(tf.mul(fixed(sh[1]!, 2), 5)), 1), d); return (tf as any)[op](X, Y); }];
  }),
};
for (const [name, run] of Object.entries(suites)) if (only === undefined || only === name) await run();
