import * as tf from '@tensorflow/tfjs-core';
import { difference, fixed, leavingNothing, useWasm } from './on-backends.js';
const [op, d] = process.argv.slice(2) as [string, 'int32'];
console.error = () => undefined;
const f = () => { const X = tf.cast(tf.mul(fixed([3,5]), 9), d); const t = tf as any;
  const two = ['add','sub','mul','div','floorDiv','maximum','minimum','mod','pow','squaredDifference','greater','less','equal','notEqual','prelu','atan2','divNoNan'];
  if (two.includes(op)) return t[op](X, tf.cast(tf.add(tf.abs(tf.mul(fixed([5], 2), 5)), 1), d));
  return op === 'clipByValue' ? tf.clipByValue(X, -3, 4) : t[op](X); };
await tf.setBackend('cpu'); let cpu; try { cpu = leavingNothing(f)[0]!; } catch (e) { process.exit(0); }
await useWasm(); const keep = tf.fill([5], 7); const others = Array.from({length: 50}, () => tf.fill([5], 3));
try { const w = leavingNothing(f)[0]!; const dd = difference(w.values, cpu.values);
 if (!(dd < 1e-4) || w.dtype !== cpu.dtype) console.log(op, d, 'diff', dd, cpu.dtype, w.dtype, cpu.values.slice(0,5), w.values.slice(0,5));
 for (let i=0;i<200;i++) leavingNothing(f);
 if (![keep, ...others].every((t, i) => t.dataSync().every(v => v === (i === 0 ? 7 : 3)))) console.log(op, d, 'CORRUPTS');
} catch (e) { console.log(op, d, 'throws', (e as Error).message.slice(0, 100)); }
