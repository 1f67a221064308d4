import { loadDigits } from '/work/main/examples/mnist/data.js';
import { loadIris } from '/work/main/examples/iris.js';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { RandomStreams } from '/work/main/src/random/index.js';
import { chooseBackend } from '/work/main/src/backend/index.js';
import { Lab, labDefaults } from '/work/main/src/diagnosis/preflight/lab.js';
import { dataChecks } from '/work/main/src/diagnosis/preflight/data/index.js';
import type { Experiment } from '/work/main/src/diagnosis/preflight/experiment.js';
await chooseBackend('wasm');
const rnd = new RandomStreams(7).derive('x');
const N = () => rnd.normal();
const mlp = (i: number, o: number, act?: any) => () => sequential({layers:[layers.dense({units:8,activation:'relu',inputShape:[i]}), layers.dense({units:o,activation:act})]});
async function go(name: string, e: Partial<Experiment>) {
  const before = tf.memory().numTensors;
  const lab = await Lab.open({ backend:'keep', ...e } as Experiment, labDefaults);
  const mid = tf.memory().numTensors;
  let total = 0; const times: string[] = [];
  const lines: string[] = [];
  for (const c of dataChecks) {
    const a = performance.now();
    const r = await c.run(lab);
    const t = performance.now()-a; total += t; if (t>30) times.push(c.name+' '+t.toFixed(0));
    for (const f of r.findings) if (f.severity!=='info' || process.env.INFO) lines.push('   '+f.severity.toUpperCase()+' '+f.rule+': '+f.message+(process.env.REM?' // '+f.remedy:''));
    if (process.env.M) console.log(c.name, JSON.stringify(r.measured), r.cannotTell);
  }
  const leak = tf.memory().numTensors - mid;
  lab.close();
  console.log(`${lines.length? '*':' '} ${name} [${total.toFixed(0)} ms: ${times.join(', ')}]${leak? ' LEAK '+leak:''}`); lines.forEach(l=>console.log(l));
}
const t = loadDigits('train',[784],0,55000), v = loadDigits('train',[784],55000);
const mm = () => sequential({layers:[layers.dense({units:10,activation:'softmax',inputShape:[784]})]});
const sp = 'sparseCategoricalCrossentropy';
const roll = (a: Int32Array, k: number) => a.map((_, i) => a[(i + k + a.length) % a.length]!);
const shuf = (a: Int32Array) => { const p = rnd.permutation(a.length); return a.map((_, i) => a[p[i]!]!); };
const noisy = (a: Int32Array, s: number, c: number) => a.map((x) => rnd.float() < s ? rnd.int(c) : x);
const M = { model: mm, loss: sp };
const lin = (n: number, d: number, noise: number, gen = N) => { const w = Array.from({length:d},N); const x = Array.from({length:n},()=>Array.from({length:d},gen)); return { inputs: x, labels: x.map(r=>[r.reduce((s,e,i)=>s+e*w[i]!,0)/Math.sqrt(d)+noise*N()]), w }; };
const cut = (d: any, a: number, b: number) => ({ inputs: d.inputs.slice(a,b), labels: d.labels.slice(a,b) });
const blobs = (n: number, d: number, c: number, sep: number) => { const m = Array.from({length:c},()=>Array.from({length:d},()=>sep*N())); const labels = Array.from({length:n},()=>rnd.int(c)); return { inputs: labels.map(l=>m[l]!.map(e=>e+N())), labels }; };
const sweep = async () => {
  let runs = 0; const bad: Record<string, number> = {};
  const one = async (name: string, e: any) => { const lab = await Lab.open({ backend:'keep', ...e }, labDefaults); runs++; for (const c of dataChecks) for (const f of (await c.run(lab)).findings) if (f.severity!=='info') { bad[f.rule] = (bad[f.rule] ?? 0)+1; console.log(name, f.severity, f.rule, f.message); } lab.close(); };
  const until = Date.now() + 80000;
  for (let r = 0; Date.now() < until; r++) {
    const n = [60,100,200,500,1000,2000][rnd.int(6)]!, d = 2+rnd.int(12), c = 2+rnd.int(9), m = [10, 30, 50, 200][rnd.int(4)]!;
    const sep = [0.1,0.3,0.6,1,2][rnd.int(5)]!;
    const skew = rnd.float() < 0.5 ? 0 : 1.5;
    const mm = Array.from({length:c},()=>Array.from({length:d},()=>sep*N()));
    const p = Array.from({length:c},(_,i)=>Math.exp(-skew*i)); const tot=p.reduce((a,b)=>a+b,0);
    const draw = () => { let u = rnd.float()*tot; for (let i=0;i<c;i++) { u-=p[i]!; if (u<0) return i; } return 0; };
    const labels = Array.from({length:n+m},draw); const inputs = labels.map(l=>mm[l]!.map(e=>e+N()));
    await one(`blobs n${n} d${d} c${c} m${m} sep${sep} skew${skew}`, { model: mlp(d,c,'softmax'), loss: sp, data: {inputs:inputs.slice(0,n),labels:labels.slice(0,n)}, validation: {inputs:inputs.slice(n),labels:labels.slice(n)} });
    const h = lin(n+m,d,[0,0.3,1,5][rnd.int(4)]!, [N, () => rnd.float(), () => Math.exp(N()), () => rnd.int(3)][rnd.int(4)]!);
    await one(`lin n${n} d${d} m${m}`, { model: mlp(d,1), loss: 'meanSquaredError', data: cut(h,0,n), validation: cut(h,n,n+m) });
    // windows of an autoregressive series
    const phi=[0,0.5,0.9][rnd.int(3)]!; const s:number[]=[0]; for(let i=0;i<n+m+20;i++) s.push(phi*s[i]!+N()*Math.sqrt(1-phi*phi)); const w=3+rnd.int(10);
    const win=(a:number,b:number)=>({inputs:Array.from({length:b-a},(_,i)=>s.slice(a+i,a+i+w)),labels:Array.from({length:b-a},(_,i)=>[s[a+i+w]!])});
    await one(`ar n${n} phi${phi} w${w} m${m}`, { model: mlp(w,1), loss: 'meanSquaredError', data: win(0,n), validation: win(n,n+m) });
    const bin = inputs.map(r=>[r[0]!+r[1]!+[0.1,1,3][r.length%3]!*N()>[0,1.5][n%2]!?1:0]);
    await one(`bin n${n}`, { model: mlp(d,1,'sigmoid'), loss: 'binaryCrossentropy', data: {inputs:inputs.slice(0,n),labels:bin.slice(0,n)}, validation: {inputs:inputs.slice(n),labels:bin.slice(n)} });
    if (c>=4) { const hard = inputs.map(r=>{ const k = Math.min(c-1,Math.max(0,Math.floor((r[0]!+N()+2)/4*c))); return k; }); await one(`ordinal n${n} c${c}`, { model: mlp(d,c,'softmax'), loss: sp, data: {inputs:inputs.slice(0,n),labels:hard.slice(0,n)}, validation: {inputs:inputs.slice(n),labels:hard.slice(n)} }); }
  }
  console.log('runs', runs, bad);
};
const only = process.argv[2];
const cases: Record<string, () => Promise<void>> = {
 async healthy() {
  await go('mnist', { ...M, data: t, validation: v });
  await go('mnist cnn', { model: () => sequential({layers:[layers.conv2d({filters:4,kernelSize:3,inputShape:[28,28,1]}),layers.flatten(),layers.dense({units:10,activation:'softmax'})]}), loss: sp, data: loadDigits('train',[28,28,1],0,5000), validation: loadDigits('train',[28,28,1],5000,6000) });
  const iris = loadIris();
  await go('iris', { model: mlp(4,3,'softmax'), loss: sp, data: iris.training, validation: iris.validation });
  for (const n of [60, 130, 600, 3000]) for (const noise of [0, 0.5, 2]) { const d = lin(n+50+n/5, 8, noise); await go(`linear reg ${n} noise ${noise}`, { model: mlp(8,1), loss: 'meanSquaredError', data: cut(d,0,n), validation: cut(d,n,n+50+n/5) }); }
  for (const n of [100, 1000]) for (const sep of [0.2, 0.5, 1, 3]) { const d = blobs(n+100, 6, 4, sep); await go(`blobs ${n} sep ${sep}`, { model: mlp(6,4,'softmax'), loss: sp, data: cut(d,0,n), validation: cut(d,n,n+100) }); }
  { const n = 2000; const x = Array.from({length:n},()=>Array.from({length:6},N)); const y = x.map(r=>[r[0]!+0.7*r[1]!+0.7*N()>2.2?1:0]); await go('imbalanced '+y.filter(e=>e[0]).length, { model: mlp(6,1,'sigmoid'), loss:'binaryCrossentropy', data: {inputs:x.slice(0,1600),labels:y.slice(0,1600)}, validation:{inputs:x.slice(1600),labels:y.slice(1600)} }); }
  { const X = [[0,0],[0,1],[1,0],[1,1]], Y=[[0],[1],[1],[0]]; const k = Array.from({length:200},(_,i)=>i%4); await go('xor', { model: mlp(2,1,'sigmoid'), loss:'binaryCrossentropy', data:{inputs:X,labels:Y}}); await go('xor x50', { model: mlp(2,1,'sigmoid'), loss:'binaryCrossentropy', data:{inputs:k.map(i=>X[i]!),labels:k.map(i=>Y[i]!)}}); const p=Array.from({length:400},()=>[N(),N()]); await go('xor cont', { model: mlp(2,1,'sigmoid'), loss:'binaryCrossentropy', data:{inputs:p,labels:p.map(([a,b])=>[a!*b!>0?1:0])}}); }
  { const s = Array.from({length:1200},(_,i)=>Math.sin(i/5)); const win = (a:number,b:number)=>({inputs: Array.from({length:b-a},(_,i)=>s.slice(a+i,a+i+20).map(e=>[e])), labels: Array.from({length:b-a},(_,i)=>[s[a+i+20]!])}); await go('sine windows', { model: () => sequential({layers:[layers.gru({units:4,inputShape:[20,1]}),layers.dense({units:1})]}), loss:'meanSquaredError', data: win(0,900), validation: win(900,1100)}); await go('sine windows short val', { model: () => sequential({layers:[layers.gru({units:4,inputShape:[20,1]}),layers.dense({units:1})]}), loss:'meanSquaredError', data: win(0,900), validation: win(900,922)}); }
  { let p=0; const r = Array.from({length:1500},()=>N()*0.01); const win=(a:number,b:number)=>({inputs: Array.from({length:b-a},(_,i)=>r.slice(a+i,a+i+10)), labels: Array.from({length:b-a},(_,i)=>[r[a+i+10]!>0?1:0])}); await go('random walk sign (unpredictable)', { model: mlp(10,1,'sigmoid'), loss:'binaryCrossentropy', data: win(0,1000), validation: win(1000,1400)}); }
  { const x = Array.from({length:400},(_,i)=>[i/200-1]); await go('x linspace', { model: mlp(1,1), loss:'meanSquaredError', data:{inputs:x,labels:x.map(([a])=>[Math.sin(4*a!)])}, validation:{inputs:x.slice(300),labels:x.slice(300).map(([a])=>[Math.sin(4*a!)])} });
    await go('x linspace val beyond', { model: mlp(1,1), loss:'meanSquaredError', data:{inputs:x.slice(0,320),labels:x.slice(0,320).map(([a])=>[Math.sin(4*a!)])}, validation:{inputs:x.slice(320),labels:x.slice(320).map(([a])=>[Math.sin(4*a!)])} }); }
  for (const n of [300, 2000]) { const V=50,T=12; const x = Array.from({length:n},()=>Int32Array.from({length:T},()=>rnd.int(V))); const y = x.map(r=>[r.filter(e=>e<10).length>2?1:0]); const inp = {values: Int32Array.from(x.flatMap(r=>[...r])), shape:[n,T]}; await go('tokens '+n, { model: () => sequential({layers:[layers.embedding({inputDim:V,outputDim:4,inputLength:T}),layers.globalAveragePooling1d({}),layers.dense({units:1,activation:'sigmoid'})]}), loss:'binaryCrossentropy', data:{inputs:inp,labels:y}, validation: {inputs:{values:inp.values.slice(0,100*T).map(()=>rnd.int(V)),shape:[100,T]},labels:Array.from({length:100},()=>[rnd.int(2)])} }); 
    const seq = {values: inp.values, shape:[n,T]}; const nxt = {values: Int32Array.from(inp.values,(e)=>(e*7+3)%V), shape:[n,T,1]}; await go('tokens per step '+n, { model: () => sequential({layers:[layers.embedding({inputDim:V,outputDim:4,inputLength:T}),layers.dense({units:V,activation:'softmax'})]}), loss:sp, data:{inputs:seq,labels:nxt}}); }
  { const n=500; const d = blobs(n+100,8,2,0.7); const oh=(l:number[])=>l.map(e=>[e===0?1:0,e===1?1:0]); await go('one-hot', { model: mlp(8,2,'softmax'), loss:'categoricalCrossentropy', data:{inputs:d.inputs.slice(0,n),labels:oh(d.labels.slice(0,n))}, validation:{inputs:d.inputs.slice(n),labels:oh(d.labels.slice(n))} }); }
  { const d = blobs(900,5,3,2); const o=[...d.labels.keys()].sort((a,b)=>d.labels[a]!-d.labels[b]!); await go('sorted by class', { model: mlp(5,3,'softmax'), loss: sp, data:{inputs:o.map(i=>d.inputs[i]!),labels:o.map(i=>d.labels[i]!)} }); }
  { const x = Array.from({length:1000},()=>Array.from({length:10},()=>Math.exp(1.2*N()))); await go('lognormal', { model: mlp(10,1), loss:'meanSquaredError', data:{inputs:x,labels:x.map(r=>[r[0]!])} }); }
  { const x = Array.from({length:1000},()=>Array.from({length:40},()=>rnd.float()<0.03?1:0)); await go('sparse binary', { model: mlp(40,1), loss:'meanSquaredError', data:{inputs:x.slice(0,800),labels:x.slice(0,800).map(r=>[r[0]!+r[3]!+N()])}, validation:{inputs:x.slice(800),labels:x.slice(800).map(r=>[r[0]!+r[3]!+N()])} }); }
  { const x = Array.from({length:500},()=>Array.from({length:16},()=>rnd.float())); await go('autoencoder', { model: mlp(16,16), loss:'meanSquaredError', data:{inputs:x.slice(0,400),labels:x.slice(0,400)}, validation:{inputs:x.slice(400),labels:x.slice(400)} }); }
  { const x = Array.from({length:600},()=>Array.from({length:6},N)); const y=x.map(r=>r.map((e,i)=>e+r[(i+1)%6]!+0.5*N()>0?1:0)); await go('multi-label', { model: mlp(6,6,'sigmoid'), loss:'binaryCrossentropy', data:{inputs:x.slice(0,500),labels:y.slice(0,500)}, validation:{inputs:x.slice(500),labels:y.slice(500)} }); }
 },
 async faulty() {
  for (const k of [1,-1,3,64,1000]) await go('mnist shift '+k, { ...M, data: {...t, labels: roll(t.labels,k)}, validation: v });
  await go('mnist 4000 shift 1000', { ...M, data: { inputs:{values:t.inputs.values.subarray(0,4000*784),shape:[4000,784]}, labels: roll(t.labels.slice(0,4000),1000)}, validation: v });
  await go('mnist 4000 reversed', { ...M, data: { inputs:{values:t.inputs.values.subarray(0,4000*784),shape:[4000,784]}, labels: t.labels.slice(0,4000).reverse()}});
  await go('mnist shuffled', { ...M, data: {...t, labels: shuf(t.labels)}, validation: v });
  await go('mnist val shuffled', { ...M, data: t, validation: {...v, labels: shuf(v.labels)} });
  await go('mnist both shuffled', { ...M, data: {...t, labels: shuf(t.labels)}, validation: {...v, labels: shuf(v.labels)} });
  for (const s of [0.1,0.2,0.4,0.6]) { await go('mnist noise '+s, { ...M, data: {...t, labels: noisy(t.labels,s,10)}, validation: v }); await go('mnist noise both '+s, { ...M, data: {...t, labels: noisy(t.labels,s,10)}, validation: {...v, labels: noisy(v.labels,s,10)} }); }
  await go('mnist 4->9', { ...M, data: {...t, labels: t.labels.map(e=>e===4&&rnd.float()<0.5?9:e)}, validation: v });
  await go('mnist 0..255', { ...M, data: { ...t, inputs:{values:t.inputs.values.map(e=>e*255),shape:t.inputs.shape} }, validation: { ...v, inputs:{values:v.inputs.values.map(e=>e*255),shape:v.inputs.shape} } });
  await go('mnist val 0..255', { ...M, data: t, validation: { ...v, inputs:{values:v.inputs.values.map(e=>e*255),shape:v.inputs.shape} } });
  await go('mnist /255 twice', { ...M, data: { ...t, inputs:{values:t.inputs.values.map(e=>e/255),shape:t.inputs.shape} }, validation: { ...v, inputs:{values:v.inputs.values.map(e=>e/255),shape:v.inputs.shape} } });
  await go('mnist val inverted', { ...M, data: t, validation: { ...v, inputs:{values:v.inputs.values.map(e=>1-e),shape:v.inputs.shape} } });
  await go('mnist leak', { ...M, data: t, validation: t });
  await go('mnist leak 5000', { ...M, data: t, validation: loadDigits('train',[784],0,5000) });
  const iris = loadIris();
  const I = { model: mlp(4,3,'softmax'), loss: sp };
  await go('iris shuffled', { ...I, data: {...iris.training, labels:[...shuf(Int32Array.from(iris.training.labels))]}, validation: iris.validation });
  await go('iris leak', { ...I, data: {inputs:[...iris.training.inputs,...iris.validation.inputs],labels:[...iris.training.labels,...iris.validation.labels]}, validation: iris.validation });
  await go('iris val split by class', { ...I, data: {inputs:iris.training.inputs.slice(0,80),labels:iris.training.labels.slice(0,80)}, validation: {inputs:iris.training.inputs.slice(80),labels:iris.training.labels.slice(80)} });
  const d = lin(1200,8,0.3); const R = { model: mlp(8,1), loss: 'meanSquaredError' };
  const rl = (y:any[],k:number)=>y.map((_,i)=>y[(i+k+y.length)%y.length]);
  for (const k of [1,-2,32,500]) await go('reg shift '+k, { ...R, data: {inputs:d.inputs.slice(0,1000),labels:rl(d.labels.slice(0,1000),k)}, validation: cut(d,1000,1200) });
  await go('reg reversed', { ...R, data: {inputs:d.inputs.slice(0,1000),labels:d.labels.slice(0,1000).reverse()}, validation: cut(d,1000,1200) });
  await go('reg shuffled', { ...R, data: {inputs:d.inputs.slice(0,1000),labels:[...rnd.permutation(1000)].map(i=>d.labels[i])}, validation: cut(d,1000,1200) });
  await go('reg half shifted', { ...R, data: {inputs:d.inputs.slice(0,1000),labels:d.labels.slice(0,1000).map((_:any,i:number)=>i<300?d.labels[i]:d.labels[i+1])}, validation: cut(d,1000,1200) });
  await go('reg col x1000', { ...R, data: {inputs:d.inputs.map(r=>r.map((e,i)=>i===3?e*1000:e)),labels:d.labels} });
  await go('reg all x100', { ...R, data: {inputs:d.inputs.map(r=>r.map((e)=>e*100)),labels:d.labels} });
  await go('reg offset', { ...R, data: {inputs:d.inputs.map(r=>r.map((e)=>e+50)),labels:d.labels} });
  await go('reg outlier', { ...R, data: {inputs:d.inputs.map((r,k)=>r.map((e,i)=>i===2&&k===7?1e6:e)),labels:d.labels} });
  await go('reg missing 999999', { ...R, data: {inputs:d.inputs.map((r,k)=>r.map((e,i)=>i===2&&k%50===7?999999:e)),labels:d.labels} });
  await go('reg constant labels', { ...R, data: {inputs:d.inputs,labels:d.labels.map(()=>[3])} });
  await go('reg repeated', { ...R, data: {inputs:d.inputs.map((_,i)=>d.inputs[i%100]!),labels:d.labels.map((_,i)=>d.labels[i%100]!)} });
  await go('reg same', { ...R, data: {inputs:d.inputs.map(()=>d.inputs[0]!),labels:d.labels} });
  await go('reg val std differs', { ...R, data: cut(d,0,1000), validation: {inputs:d.inputs.slice(1000).map(r=>r.map(e=>e*20+5)),labels:d.labels.slice(1000)} });
  await go('reg val moved', { ...R, data: cut(d,0,1000), validation: {inputs:d.inputs.slice(1000).map(r=>r.map(e=>e+2)),labels:d.labels.slice(1000)} });
  await go('reg val cols permuted', { ...R, data: {inputs:d.inputs.slice(0,1000).map(r=>r.map((e,i)=>i<4?Math.exp(e):e-2)),labels:d.labels.slice(0,1000)}, validation: {inputs:d.inputs.slice(1000).map(r=>r.map((e,i)=>i<4?Math.exp(e):e-2).reverse()),labels:d.labels.slice(1000)} });
  const b = blobs(1200,6,4,2); const B = { model: mlp(6,4,'softmax'), loss: sp };
  await go('blobs one class', { ...B, data: {inputs:b.inputs,labels:b.labels.map(()=>2)} });
  await go('blobs missing', { ...B, data: {inputs:b.inputs.filter((_,i)=>b.labels[i]!==2),labels:b.labels.filter(e=>e!==2)}, validation: b });
  await go('blobs noise .3 no val', { ...B, data: {inputs:b.inputs,labels:[...noisy(Int32Array.from(b.labels),0.3,4)]} });
  await go('blobs noise .3 val', { ...B, data: {inputs:b.inputs.slice(0,1000),labels:[...noisy(Int32Array.from(b.labels),0.3,4)].slice(0,1000)}, validation: cut(b,1000,1200) });
  await go('blobs one-hot mse', { model: mlp(6,4,'softmax'), loss: 'meanSquaredError', data: {inputs:b.inputs,labels:b.labels.map(l=>[0,1,2,3].map(c=>c===l?1:0))} });
  await go('blobs multi-hot cce', { model: mlp(6,4,'softmax'), loss: 'categoricalCrossentropy', data: {inputs:b.inputs,labels:b.labels.map(l=>[0,1,2,3].map(c=>c===l||c===(l+1)%4?1:0))} });
  await go('blobs renumbered val', { ...B, data: cut(b,0,1000), validation: {inputs:b.inputs.slice(1000),labels:b.labels.slice(1000).map(l=>(l+1)%4)} });
 }
};
if (only==='sweep') await sweep();
for (const [k, f] of Object.entries(cases)) if (!only || only===k) await f();
