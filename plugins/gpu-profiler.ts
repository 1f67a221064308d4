import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { definePlugin, type ObserverContext, type PhaseTimes } from 'trainscope/plugin';
import { addSample } from './gpu-profiler/gpu-totals.js';
import { GpuWatch } from './gpu-profiler/gpu-watch.js';
import { markHost, type HostMark } from './gpu-profiler/host.js';
import { judgeSpan, profile, profileOf, slowestOf, unusedGpu } from './gpu-profiler/profile.js';
import { addTimes, emptySpan, noTime, span, type Span } from './gpu-profiler/span.js';
import { dataFinding, dataHasCleared, dataSuspicion, hostFinding, judgedSteps, lostFinding, unusedFinding } from './gpu-profiler/suspicion.js';

const options = z.strictObject({
  every: z.union([z.literal('epoch'), z.int().min(1)]).default('epoch').describe('When to emit a profile: at the end of each epoch, or every so many steps.'),
  gpu: z.boolean().default(true).describe('Whether to run nvidia-smi; without it the profile is of the loop and the host alone.'),
  interval: z
    .int()
    .min(167)
    .max(60_000)
    .default(1000)
    .describe("ms between GPU readings. The driver's own sample period is 1/6 s to 1 s, by product: 1 s misses none, and below 1/6 s nothing is new."),
  gpus: z.array(z.union([z.int().min(0), z.string().min(1)])).default([]).describe('Indices as nvidia-smi counts, or UUIDs, of the GPUs to watch. Empty: all.'),
  command: z
    .string()
    .regex(/^[^-\0][^\0]*$/)
    .default('nvidia-smi')
    .describe('Name or path of the executable, and no more: its arguments are fixed and no shell is involved.'),
  silence: z.int().min(500).default(15_000).describe('ms without a reading after which nvidia-smi counts as hung, at least 5 intervals. Its start without persistence mode takes seconds.'),
  warmUp: z.int().min(0).default(10).describe('Steps at the start of each fit that are not counted: kernels are compiled and memory is allocated in them.'),
});

const events = {
  gpu: z
    .strictObject({
      available: z.boolean().describe('whether there are GPU readings from now on'),
      reason: z.string().nullable().describe('why there are none'),
      command: z.string(),
      gpus: z.array(z.strictObject({ index: z.int().min(0), uuid: z.string(), name: z.string(), mig: z.boolean(), memoryTotal: z.number().nullable().describe('MiB') })),
    })
    .describe('GPU readings have begun, cannot be had, or came to an end.'),
  'gpu-profile': profile.describe('Where the time of the training went, what the machine did, and what the loop waits for.'),
};

const state = z.strictObject({
  /** Since the run began. */
  total: span.default(emptySpan),
  /** Since the last profile. */
  window: span.default(emptySpan),
  /** Since a finding was last thought about. */
  judged: span.default(emptySpan),
  toldData: z.enum(['nothing', 'info', 'warning']).default('nothing'),
  toldHost: z.boolean().default(false),
  toldUnused: z.boolean().default(false),
  /** What was last told of the GPUs in this fit: why there are none, or which there are. */
  toldGpu: z.string().nullable().default(null),
  /** Steps of this fit, those of the warm-up among them. */
  fitSteps: z.int().min(0).default(0),
});
type State = z.output<typeof state>;
type Context = ObserverContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, State>;

const spansOf = ({ total, window, judged }: State): readonly Span[] => [total, window, judged];

/** ms between looks at the process's memory, which cost some 20 us each. */
const memoryEvery = 1000;

/** ms between looks at the process's time of the processor: the system counts it in ticks of 1 to 10 ms. */
const hostEvery = 50;

/** What belongs to one call of fit, and to no checkpoint. */
interface Pass {
  readonly watch: GpuWatch | undefined;
  readonly resumed: boolean;
  /** Done in this process: what is warmed up is gone with the one before. */
  steps: number;
  times: PhaseTimes;
  host: HostMark;
  /** When the process's memory was last looked at. */
  memorySeen: number;
  inValidation: boolean;
}

const beginPass = (times: PhaseTimes, watch: GpuWatch | undefined, resumed = false): Pass => ({ watch, resumed, times, steps: 0, host: markHost(), memorySeen: 0, inValidation: false });

/**
 * Shows where each second of the training went and what the machine did meanwhile, and says what the loop waits for:
 * data, the computation, or the host (measuring, plugins, issuing kernels).
 *
 * - GPU readings come from one `nvidia-smi` that runs beside the fit and ends with it, however it ends. A machine
 *   without one is no error: an event says so, and the profile is of the loop and the host.
 * - Which GPU the backend uses cannot be told, so the busiest one counts. `gpus` narrows the choice.
 * - Readings and times of validations are kept apart: the verdict is of the training.
 * - Times and readings of a resumed run go on from those of the checkpoint, after a warm-up of its own; profiles come at
 *   the steps at which they would have come.
 *
 * Events: `gpu`, `gpu-profile`. Findings: `data-bound` (a warning where half of the loop or more is spent waiting, else
 * info); `host-bound`, `unused-gpu`, `gpu-monitor-lost` (info).
 *
 * @example
 * new Trainer({ model, optimizer, loss, plugins: [gpuProfiler({ every: 200 })] });
 */
export const gpuProfiler = definePlugin({
  name: 'gpuProfiler',
  summary: 'Shows where the time of the training goes, with GPU, CPU and memory, and says what the loop waits for.',
  role: 'observe',
  codeOnly: ['command'],
  options,
  events,
  state,
  hooks: ({ every, gpu, interval, gpus, command, silence, warmUp }) => {
    let pass = beginPass(noTime(), undefined);
    const isCounting = (): boolean => pass.steps >= warmUp;

    /** Takes the readings that have come. All changes of state are made in hooks, so that a checkpoint is of one moment. */
    const takeReadings = (ctx: Context): void => {
      const taken = pass.watch?.take();
      if (taken === undefined || !isCounting()) return;
      for (const into of spansOf(ctx.state)) {
        for (const sample of taken.samples) addSample(into.gpus, sample, !pass.inValidation);
        into.forgotten += taken.forgotten;
      }
    };

    const tellNews = (ctx: Context, atEnd: boolean): void => {
      for (const news of pass.watch?.news(atEnd) ?? []) {
        const told = news.kind === 'available' ? news.gpus.map(({ uuid }) => uuid).join() : news.reason;
        // A resumed fit begins to watch anew, and mostly finds what it found before.
        if (told === ctx.state.toldGpu) continue;
        ctx.state.toldGpu = told;
        if (news.kind === 'available') {
          const gpus = news.gpus.map(({ index, uuid, name, mig, memoryTotal }) => ({ index, uuid, name, mig, memoryTotal }));
          ctx.emit('gpu', { available: true, reason: null, command, gpus });
          continue;
        }
        ctx.emit('gpu', { available: false, reason: news.reason, command, gpus: [] });
        if (news.lost) ctx.finding(lostFinding(news.reason, command));
      }
    };

    /** Adds what has passed since the last call. */
    const countTimes = (ctx: Context, steps: number, samples: number): void => {
      const { times } = ctx;
      if (isCounting()) {
        for (const into of spansOf(ctx.state)) {
          addTimes(into, pass.times, times);
          into.steps += steps;
          into.samples += samples;
        }
      }
      pass.times = times;
    };

    const countHost = (ctx: Context, final: boolean): void => {
      // Over less than that the time of the processor says nothing; it counts at the next look.
      if (!final && performance.now() - pass.host.wall < hostEvery) return;
      const now = markHost();
      if (isCounting()) {
        for (const into of spansOf(ctx.state)) {
          into.cpu += now.cpu - pass.host.cpu;
          into.wall += now.wall - pass.host.wall;
        }
      }
      pass.host = now;
    };

    const seePeaks = (ctx: Context): void => {
      const { numBytes } = tf.engine().state;
      const now = performance.now();
      const isDue = now - pass.memorySeen >= memoryEvery;
      if (isDue) pass.memorySeen = now;
      const rss = isDue ? process.memoryUsage.rss() : 0;
      for (const into of spansOf(ctx.state)) {
        into.peakTensorBytes = Math.max(into.peakTensorBytes, numBytes);
        into.peakRss = Math.max(into.peakRss, rss);
      }
    };

    const think = (ctx: Context): void => {
      const { state, backend } = ctx;
      const unused = unusedGpu(state.total, backend);
      if (unused !== null && !state.toldUnused) {
        state.toldUnused = true;
        ctx.finding(unusedFinding(unused, backend));
      }
      if (state.judged.steps < judgedSteps) return;
      const verdict = judgeSpan(state.judged, backend);
      const suspicion = dataSuspicion(state.judged, verdict);
      if (suspicion !== 'nothing' && state.toldData !== 'warning' && state.toldData !== suspicion) {
        state.toldData = suspicion;
        ctx.finding(dataFinding(state.judged, verdict, suspicion));
      } else if (suspicion === 'nothing' && dataHasCleared(state.judged, verdict)) state.toldData = 'nothing';
      const host = hostFinding(state.judged, verdict, slowestOf(ctx.pluginTimes)?.name ?? null);
      if (host !== undefined && !state.toldHost) ctx.finding(host);
      state.toldHost = host !== undefined;
      state.judged = emptySpan();
    };

    const report = (ctx: Context, final: boolean): void => {
      countHost(ctx, final);
      think(ctx);
      const { state, backend, pluginTimes } = ctx;
      const of = final ? state.total : state.window;
      // In the warm-up of a resumed fit nothing may be counted, at a place where the log is to have a profile.
      const isPlaceForOne = of.steps > 0 || (pass.resumed && state.fitSteps > warmUp);
      if (final || isPlaceForOne) ctx.emit('gpu-profile', profileOf(of, { final, backend, pluginTimes }));
      if (!final) state.window = emptySpan();
    };

    return {
      async fitStart({ resumed }, ctx) {
        await pass.watch?.stop();
        pass = beginPass(ctx.times, gpu ? new GpuWatch({ command, interval, silence, gpus }) : undefined, resumed);
        if (!resumed) ctx.state = { ...ctx.state, toldGpu: null, fitSteps: 0 };
      },
      stepEnd({ batchSize }, ctx) {
        takeReadings(ctx);
        countTimes(ctx, 1, batchSize);
        tellNews(ctx, false);
        // After the counting: the step that ends the warm-up belongs to it.
        pass.steps += 1;
        ctx.state.fitSteps += 1;
        if (pass.steps === warmUp) pass.host = markHost();
        if (isCounting()) seePeaks(ctx);
        if (every !== 'epoch' && ctx.state.fitSteps >= warmUp && ctx.step % every === 0) report(ctx, false);
      },
      validationStart(_, ctx) {
        takeReadings(ctx);
        pass.inValidation = true;
      },
      validationEnd(_, ctx) {
        takeReadings(ctx);
        pass.inValidation = false;
      },
      epochEnd(_, ctx) {
        takeReadings(ctx);
        countTimes(ctx, 0, 0);
        tellNews(ctx, false);
        if (every === 'epoch') report(ctx, false);
      },
      fitEnd(_, ctx) {
        takeReadings(ctx);
        countTimes(ctx, 0, 0);
        tellNews(ctx, true);
        report(ctx, true);
      },
      async error(_, ctx) {
        takeReadings(ctx);
        tellNews(ctx, true);
        await pass.watch?.stop();
      },
      async teardown() {
        await pass.watch?.stop();
      },
    };
  },
});
