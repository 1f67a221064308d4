import { buildSchedule, cosine, warmup } from 'trainscope/schedules';

// Ten steps up from 0, then half a cosine down from 0.1 to 0 over 90 steps.
const schedule = warmup(cosine({ learningRate: 0.1, tMax: 90 }), { steps: 10 });
console.log(schedule(0), schedule(5), schedule(10), schedule(55), schedule(100)); // 0 0.05 0.1 0.05 0

// The same as plain data, as a config file has it.
const same = buildSchedule({ kind: 'warmup', steps: 10, schedule: { kind: 'cosine', learningRate: 0.1, tMax: 90 } });
if (same(37) !== schedule(37)) throw new Error('they differ');

export {};
