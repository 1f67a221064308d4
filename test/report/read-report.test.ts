import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileSink, pinoSink, Trainer, withoutSuperseded } from 'trainscope';
import { diagnosis, gradientNorm, lrScheduler, predictionDynamics, seed, weightNorm } from 'trainscope/plugins';
import { readReport, reportHtml, writeReport, type ReportModel, type RunModel } from 'trainscope/report';
import type { TrainscopeEvent } from '../../src/events/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

const folder = mkdtempSync(join(tmpdir(), 'trainscope-report-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

type Line = { readonly seq: number; readonly runId: string; readonly event: string; readonly step: number; readonly epoch: number; readonly time: number; readonly data: Record<string, never> };
const linesOf = (file: string): Line[] => readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Line);

const only = (model: ReportModel): RunModel => {
  expect(model.runs).toHaveLength(1);
  return model.runs[0]!;
};
const seriesOf = (run: RunModel, id: string) => run.series.find((each) => each.id === id);

/** A training of 3 epochs with 5 steps each, with the plugins that measure. */
async function train(file: string, learningRate = 0.05): Promise<void> {
  const data = clouds(40);
  const trainer = new Trainer({
    model: smallClassifier,
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    optimizer: { name: 'sgd', learningRate },
    progress: false,
    logEvery: 1,
    plugins: [seed({ seed: 1 }), gradientNorm({ every: 1 }), weightNorm({ every: 1 }), predictionDynamics({ samples: 4 }), lrScheduler({ schedule: { kind: 'cosine', tMax: 15 } }), diagnosis({ every: 1 })],
    sinks: [fileSink({ path: file }), pinoSink(pino({ level: 'debug' }, pino.destination({ dest: `${file}.pino`, sync: true })))],
  });
  await trainer.fit(data, { epochs: 3, batchSize: 8, validation: data });
  await trainer.dispose();
}

beforeAll(async () => {
  await useBackend('cpu');
  await train(at('run.ndjson'));
  await train(at('high.ndjson'), 200);
});

describe('the values of a report are those of the log', () => {
  test('losses, metrics, learning rates, norms by weight, ratios: every number at its step', async () => {
    const run = only(await readReport([at('run.ndjson')]));
    const lines = linesOf(at('run.ndjson'));
    const of = (event: string, path: readonly string[]): (readonly [number, unknown])[] =>
      lines.filter((line) => line.event === event).map((line) => [line.step, path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], line.data)]);
    const expected: Record<string, (readonly [number, unknown])[]> = {
      'metric:loss/training (batch)': of('step', ['loss']),
      'metric:accuracy/training (batch)': of('step', ['metrics', 'accuracy']),
      'metric:loss/training (epoch mean)': of('epoch-end', ['metrics', 'loss']),
      'metric:loss/validation': of('validation', ['metrics', 'loss']),
      'learning-rate/learning rate': of('step', ['learningRate']),
      'gradient-norm/all gradients': of('gradient-norm', ['norm']),
      'weight-norm/all weights': of('weight-norm', ['norm']),
      'update-ratio/all weights': of('weight-norm', ['updateRatio']),
      'prediction-spread/fixed samples of output': [],
    };
    const kernels = Object.keys((lines.find(({ event }) => event === 'gradient-norm')!.data as unknown as { weights: Record<string, unknown> }).weights);
    expect(kernels.length).toBeGreaterThan(1);
    for (const kernel of kernels) expected[`gradient-norm-by-weight/${kernel}`] = of('gradient-norm', ['weights', kernel, 'norm']);
    delete expected['prediction-spread/fixed samples of output'];
    for (const [id, points] of Object.entries(expected)) {
      const series = seriesOf(run, id);
      expect(points.length, id).toBeGreaterThan(2);
      expect(series?.steps.map((step, i) => [step, series.values[i]]), id).toEqual(points);
      expect(series?.times, id).toEqual(points.map(([step], i) => (lines.filter((line) => line.step === step).length > 0 ? series?.times[i] : NaN)));
    }
    // Times are seconds since the first event of the run.
    const firstStep = lines.find(({ event }) => event === 'step')!;
    expect(seriesOf(run, 'metric:loss/training (batch)')?.times[0]).toBe((firstStep.time - lines[0]!.time) / 1000);
  });

  test('epochs, steps, state, log and surroundings', async () => {
    const run = only(await readReport([at('run.ndjson')]));
    const lines = linesOf(at('run.ndjson'));
    expect(run).toMatchObject({ status: 'completed', epoch: 3, epochs: 3, step: 15, runId: lines[0]!.runId, name: 'run.ndjson', log: { total: lines.length, otherLines: 0, superseded: 0, lost: 0 } });
    expect(run.log.events['step']).toBe(15);
    expect(run.epochEnds.map(({ epoch, step }) => [epoch, step])).toEqual([[1, 5], [2, 10], [3, 15]]);
    expect(run.environment).toMatchObject({ backend: 'cpu', loss: 'sparseCategoricalCrossentropy', seed: 1 });
    expect(run.environment?.plugins.map(({ name }) => name)).toContain('gradientNorm');
    expect(run.samples).toHaveLength(4);
    expect(run.samples[0]?.steps).toEqual([5, 10, 15]);
    expect(run.heatMaps.map(({ id }) => id)).toEqual(expect.arrayContaining(['heat:gradient-norm-by-weight', 'heat:weight-norm-by-weight', 'heat:update-ratio-by-weight', 'heat:activation-rms']));
    const end = lines.find(({ event }) => event === 'run-end')!.data as unknown as { metrics: Record<string, number> };
    expect(run.metrics).toEqual(end.metrics);
    const decomposition = lines.find(({ event }) => event === 'error-decomposition')!.data as unknown as Record<string, number>;
    expect(run.decomposition).toMatchObject({ total: decomposition['total'], bias: decomposition['bias'], variance: decomposition['variance'] });
  });

  test('what the diagnosis measured is not shown a second time beside the plugin that measured it', async () => {
    const run = only(await readReport([at('run.ndjson')]));
    expect(run.charts.filter(({ id }) => id.startsWith('unless-measured:'))).toEqual([]);
    expect(run.charts.some(({ id }) => id === 'dead-units')).toBe(true);
    expect(run.charts.flatMap(({ series }) => series).toSorted()).toEqual(run.series.map(({ id }) => id).toSorted());
  });

  test('the same from lines that pino wrote', async () => {
    const [own, pinos] = [only(await readReport([at('run.ndjson')])), only(await readReport([`${at('run.ndjson')}.pino`]))];
    // pino writes when it writes: its times are its own.
    const untimed = ({ series }: RunModel): unknown => series.map(({ times: _, ...rest }) => rest).filter(({ id }) => !id.includes('time'));
    expect(untimed(pinos)).toEqual(untimed(own));
    expect(pinos.findings.map(({ rule }) => rule)).toEqual(own.findings.map(({ rule }) => rule));
    expect(pinos.environment).toEqual(own.environment);
  });

  test('read by shapes or as JSON, line by line: the same model', async () => {
    const { ReportGatherer } = await import('../../src/report/gather/report-gatherer.js');
    const { eventOfLine } = await import('../../src/report/gather/wire-event.js');
    const [byShape, whole] = [new ReportGatherer({ title: '', source: 'x' }), new ReportGatherer({ title: '', source: 'x' })];
    for (const line of readFileSync(at('run.ndjson'), 'utf8').trim().split('\n')) {
      byShape.line(line);
      whole.event(eventOfLine(line)!);
    }
    expect(byShape.runs()).toEqual(whole.runs());
  });
});

describe('logs that are not whole', () => {
  const lines = (): string[] => readFileSync(at('run.ndjson'), 'utf8').trim().split('\n');

  test('a run that died: what is there is shown, and it is unfinished', async () => {
    const cut = lines().filter((line) => !line.includes('"event":"run-end"')).slice(0, 40);
    writeFileSync(at('died.ndjson'), `${cut.join('\n')}\n{"v":1,"runId":"torn`);
    const run = only(await readReport([at('died.ndjson')]));
    expect(run.status).toBe('unfinished');
    expect(run.log).toMatchObject({ total: 40, otherLines: 1 });
  });

  test('other loggers’ lines are passed over and counted; empty ones and line ends of Windows are no matter', async () => {
    writeFileSync(at('mixed.ndjson'), lines().flatMap((line) => [line, '', '{"level":30,"msg":"of another"}', 'plain text']).join('\r\n'));
    const run = only(await readReport([at('mixed.ndjson')]));
    expect(run.log).toMatchObject({ total: lines().length, otherLines: 2 * lines().length });
    expect(run.series).toEqual(only(await readReport([at('run.ndjson')])).series);
  });

  test('odd data in an event does no harm', async () => {
    const odd = (event: string, data: unknown, seq: number): string => JSON.stringify({ v: 1, runId: 'r', seq, time: seq, event, plugin: null, epoch: 1, step: seq, level: 'info', data });
    const names = ['run-start', 'resume', 'step', 'validation', 'epoch-end', 'run-end', 'finding', 'gradient-norm', 'weight-norm', 'training-statistics', 'prediction-dynamics', 'gpu-profile', 'error-decomposition', 'confusion-matrix', 'histogram', 'plugin-error', 'sink-loss', 'own-event'];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...names), fc.oneof(fc.object(), fc.dictionary(fc.constantFrom('loss', 'metrics', 'weights', 'layers', 'samples', 'shares', '__proto__', 'counts', 'classes', 'outputs'), fc.anything())))), async (events) => {
        writeFileSync(at('odd.ndjson'), ['{"v":1,"runId":"r","seq":1,"time":0,"event":"x","plugin":null,"epoch":0,"step":0,"level":"info","data":{}}', ...events.map(([event, data], i) => odd(event, data, i + 2))].join('\n'));
        const model = await readReport([at('odd.ndjson')]);
        expect(() => JSON.parse(JSON.stringify(model)) as unknown).not.toThrow();
        reportHtml(model);
      }),
      { numRuns: 60 },
    );
  });

  test('a file that is missing, a folder, and a file without events are told', async () => {
    writeFileSync(at('empty.ndjson'), '');
    writeFileSync(at('text.txt'), 'hello\n');
    for (const path of [at('none.ndjson'), folder, at('empty.ndjson'), at('text.txt')]) await expect(readReport([path])).rejects.toMatchObject({ code: 'EVENT_LOG_UNREADABLE' });
    await expect(readReport([])).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});

describe('a run that was resumed', () => {
  const event = (runId: string, seq: number, name: string, step: number, data: unknown): TrainscopeEvent => ({ v: 1, runId, seq, time: 1000 * seq, event: name, plugin: null, epoch: 1, step, level: 'info', data: data as TrainscopeEvent['data'] });
  const step = (runId: string, seq: number, at: number, loss: number): TrainscopeEvent => event(runId, seq, 'step', at, { loss, metrics: {}, learningRate: 0.1, batchSize: 1, samples: at, updated: true });

  test('steps that were made again count once, with their second loss', async () => {
    const events = [step('r', 1, 1, 10), step('r', 2, 2, 20), step('r', 3, 3, 30), event('r', 3, 'resume', 1, { seq: 1, checkpoint: 'c', attempt: 2, changed: [] }), step('r', 4, 2, 21), step('r', 5, 3, 31)];
    writeFileSync(at('resumed.ndjson'), events.map((each) => JSON.stringify(each)).join('\n'));
    const run = only(await readReport([at('resumed.ndjson')]));
    const losses = seriesOf(run, 'metric:loss/training (batch)');
    expect(losses?.steps).toEqual([1, 2, 3]);
    expect(losses?.values).toEqual([10, 21, 31]);
    expect(run.log.superseded).toBe(2);
    expect(run.resumes).toMatchObject([{ checkpoint: 'c', attempt: 2, step: 1 }]);
  });

  test('for any log, what counts is what withoutSuperseded leaves', async () => {
    const made = fc.array(fc.record({ run: fc.constantFrom('a', 'b'), kind: fc.constantFrom('step', 'step', 'step', 'resume'), back: fc.integer({ min: 0, max: 6 }) }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(made, async (plan) => {
        const seqs: Record<string, number> = { a: 0, b: 0 };
        const events = plan.map(({ run, kind, back }, i) => {
          const seq = (seqs[run] ?? 0) + 1;
          seqs[run] = seq;
          if (kind === 'step') return step(run, seq, i + 1, i);
          const until = Math.max(0, seq - 1 - back);
          seqs[run] = until + 1;
          return event(run, until + 1, 'resume', i + 1, { seq: until, checkpoint: 'c', attempt: 2, changed: [] });
        });
        writeFileSync(at('any.ndjson'), events.map((each) => JSON.stringify(each)).join('\n'));
        const kept = withoutSuperseded(events);
        for (const run of (await readReport([at('any.ndjson')])).runs) {
          expect(seriesOf(run, 'metric:loss/training (batch)')?.values ?? []).toEqual(kept.filter((each) => each.runId === run.runId && each.event === 'step').map((each) => each.data['loss']));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('findings', () => {
  test('are those of the log, one a cause, with what can be seen of them', async () => {
    const run = only(await readReport([at('high.ndjson')]));
    const told = linesOf(at('high.ndjson')).filter(({ event }) => event === 'finding').map(({ data }) => (data as unknown as { rule: string }).rule);
    expect(told.length).toBeGreaterThan(0);
    expect(run.findings.length).toBeGreaterThan(0);
    for (const { rule, symptoms, series } of run.findings) {
      expect([...told]).toContain(rule);
      for (const symptom of symptoms) expect(told).toContain(symptom.rule);
      for (const id of series) expect(seriesOf(run, id)).toBeDefined();
    }
    expect(run.findings.some(({ series }) => series.length > 0)).toBe(true);
  });

  test('of a log without the plugin diagnosis, the rules that need losses alone are asked', async () => {
    const line = (event: string, seq: number, step: number, data: unknown): string => JSON.stringify({ v: 1, runId: 'r', seq, time: seq, event, plugin: null, epoch: 1, step, level: 'debug', data });
    const steps = Array.from({ length: 60 }, (_, i) => line('step', i + 1, i + 1, { loss: i < 30 ? 1 : i < 58 ? 1 : 'NaN', metrics: {}, learningRate: 0.1, batchSize: 8, samples: 8 * (i + 1), updated: true }));
    writeFileSync(at('nan.ndjson'), [...steps, line('run-end', 61, 60, { reason: 'completed', by: null, message: null, epochs: 1, steps: 60, ms: 1, metrics: {}, findings: 0 })].join('\n'));
    const run = only(await readReport([at('nan.ndjson')]));
    expect(run.findings.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['non-finite-loss', 'loss-stuck']));
    expect(run.findings[0]?.series).toContain('metric:loss/training (batch)');
    expect(seriesOf(run, 'metric:loss/training (batch)')?.notFinite).toEqual({ count: 2, first: [{ step: 59, value: 'NaN' }, { step: 60, value: 'NaN' }] });
  });
});

describe('several logs', () => {
  test('what is configured otherwise is listed, the rest is not; metrics and parts of the error stand side by side', async () => {
    const model = await readReport([at('run.ndjson'), at('high.ndjson')]);
    expect(model.runs.map(({ name }) => name)).toEqual(['run.ndjson', 'high.ndjson']);
    const { differences, metrics, decomposition } = model.comparison!;
    // The loss names its output, which TensorFlow.js numbers anew for each model.
    expect(differences.filter(({ path }) => path !== 'loss')).toEqual([{ path: 'optimizer.learningRate', values: ['0.05', '200'] }]);
    expect(metrics.find(({ name }) => name === 'val_loss')?.values).toEqual(model.runs.map((run) => run.metrics['val_loss']));
    expect(decomposition?.parts.find(({ part }) => part === 'total')?.values).toEqual(model.runs.map((run) => run.decomposition?.total));
    expect(decomposition?.summary).toContain('run.ndjson');
  });

  test('a log of two runs gives two, or the last', async () => {
    writeFileSync(at('two.ndjson'), readFileSync(at('run.ndjson'), 'utf8') + readFileSync(at('high.ndjson'), 'utf8'));
    expect((await readReport([at('two.ndjson')])).runs).toHaveLength(2);
    expect(only(await readReport([at('two.ndjson')], { run: 'last' })).runId).toBe(linesOf(at('high.ndjson'))[0]!.runId);
  });

  test('of nine logs it says how many can stand side by side', async () => {
    await expect(readReport(Array.from({ length: 9 }, () => at('run.ndjson')))).rejects.toThrow('up to 8 side by side');
  });
});

describe('the page', () => {
  test('what stands in a log cannot end its element or be a script', async () => {
    const hostile = '</script><script>alert(1)</script><!--';
    const line = (seq: number, event: string, data: unknown): string => JSON.stringify({ v: 1, runId: hostile, seq, time: seq, event, plugin: hostile, epoch: 1, step: seq, level: 'info', data });
    writeFileSync(at('hostile.ndjson'), [line(1, 'finding', { rule: hostile, severity: 'error', where: {}, message: hostile, evidence: {}, remedy: hostile, docs: null }), line(2, hostile, { [hostile]: 1 })].join('\n'));
    const html = reportHtml(await readReport([at('hostile.ndjson')], { title: hostile }));
    expect(html).not.toContain('<script>alert');
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(html).toContain(`content="default-src 'none'; script-src 'sha256-`);
  });

  test('is written whole; a folder that cannot be written to is told', async () => {
    await writeReport([at('run.ndjson')], at('new/report.html'));
    expect(readFileSync(at('new/report.html'), 'utf8')).toMatch(/<\/html>\n$/);
    await expect(writeReport([at('run.ndjson')], join(at('run.ndjson'), 'x.html'))).rejects.toMatchObject({ code: 'REPORT_UNWRITABLE' });
  });
});
