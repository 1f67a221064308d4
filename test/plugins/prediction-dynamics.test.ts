import { describe, expect, test } from 'vitest';
import type { ProbePredictions } from '../../src/measure/index.js';
import { PluginHarness } from '../../src/testing/index.js';
import { predictionDynamics } from '../../plugins/prediction-dynamics.js';

const prediction = (shape: number[], ...values: number[]): ProbePredictions => ({ shape, values: Float32Array.from(values) });

async function see(harness: PluginHarness, ...predictions: ProbePredictions[]): Promise<Readonly<Record<string, unknown>>> {
  harness.fields.step += 10;
  harness.fields.epoch += 1;
  await harness.call('measured', { predictions });
  const last = harness.dataOf('prediction-dynamics').at(-1);
  if (last === undefined) throw new Error('no event');
  return last;
}

/** Two samples of a regression, at 0 and at 1, both moved by `shift`. */
const moved = (shift: number): ProbePredictions => prediction([2, 1], 2 + shift, 3 + shift);
const swing = (look: number, size = 0.25): ProbePredictions => moved(look % 2 === 0 ? size : 0);

describe('predictionDynamics', () => {
  test('asks for the predictions of 16 samples at the end of each epoch, and needs validation', () => {
    const plugin = predictionDynamics();
    expect(plugin.needs).toMatchObject({ every: 'epoch', of: { predictions: { key: 'probePredictions:16', probeSamples: 16 } } });
    expect(plugin.requires).toEqual(['validation']);
    expect(predictionDynamics({ every: 20, samples: 3 }).needs).toMatchObject({ every: 20, of: { predictions: { probeSamples: 3 } } });
  });

  test('the first look tells the predictions and no change', async () => {
    const harness = new PluginHarness(predictionDynamics());
    expect(await see(harness, prediction([2, 2], 0.25, 0.75, 0.6, 0.4))).toEqual({
      output: 'output',
      task: 'classification',
      logits: false,
      change: null,
      trend: { label: 'unknown', amplitude: null, growth: null, cosine: null, ofPeak: null, variation: null },
      spread: expect.closeTo(0.175, 6) as number,
      notFinite: 0,
      samples: [
        { index: 0, prediction: [0.25, 0.75], label: 1, change: null, flips: 0 },
        { index: 1, prediction: [0.6, 0.4], label: 0, change: null, flips: 0 },
      ],
    });
  });

  test('later looks tell the change, and count the flips of each sample', async () => {
    const harness = new PluginHarness(predictionDynamics());
    await see(harness, prediction([2, 2], 0.25, 0.75, 0.75, 0.25));
    await see(harness, prediction([2, 2], 0.75, 0.25, 0.75, 0.25));
    const { change, samples } = await see(harness, prediction([2, 2], 0.25, 0.75, 0.625, 0.375));
    const kl = 0.75 * Math.log(0.75 / 0.25) + 0.25 * Math.log(0.25 / 0.75);
    const other = 0.75 * Math.log(0.75 / 0.625) + 0.25 * Math.log(0.25 / 0.375);
    expect(change).toEqual({ meanAbsolute: 0.3125, flipped: 0.5, kl: expect.closeTo((kl + other) / 2, 6) as number });
    expect(samples).toMatchObject([
      { label: 1, change: 0.5, flips: 2 },
      { label: 0, change: 0.125, flips: 0 },
    ]);
  });

  test('logits under task classification are compared and shown as probabilities', async () => {
    const harness = new PluginHarness(predictionDynamics({ task: 'classification' }));
    await see(harness, prediction([1, 2], 0, 0));
    const { change, samples, logits } = await see(harness, prediction([1, 2], 5, 5 + Math.log(3)));
    expect(logits).toBe(true);
    expect(change).toMatchObject({ meanAbsolute: expect.closeTo(0.25, 6) as number });
    expect(samples).toMatchObject([{ prediction: [expect.closeTo(0.25, 6), expect.closeTo(0.75, 6)], label: 1 }]);
  });

  test('an event carries the first maxOutputs numbers of a sample, the change is over all', async () => {
    const harness = new PluginHarness(predictionDynamics({ maxOutputs: 2 }));
    await see(harness, prediction([1, 4], 5, 6, 7, 8));
    expect(await see(harness, prediction([1, 4], 5, 6, 7, 12))).toMatchObject({ change: { meanAbsolute: 1 }, samples: [{ prediction: [5, 6], change: 1, label: null, flips: null }] });
  });

  test('pixels with classes are rows: one of four flipped is a quarter, and a sample has no single label', async () => {
    const harness = new PluginHarness(predictionDynamics());
    await see(harness, prediction([1, 2, 2, 2], 1, 0, 1, 0, 1, 0, 1, 0));
    expect(await see(harness, prediction([1, 2, 2, 2], 1, 0, 1, 0, 0, 1, 1, 0))).toMatchObject({ task: 'classification', change: { flipped: 0.25 }, samples: [{ label: null, flips: 1 }] });
  });

  test('each output has its event, its task and its memory', async () => {
    const harness = new PluginHarness(predictionDynamics({ task: { side: 'regression' } }), { outputNames: ['class', 'side'] });
    await see(harness, prediction([1, 2], 0.25, 0.75), prediction([1, 1], 0.5));
    await see(harness, prediction([1, 2], 0.75, 0.25), prediction([1, 1], 0.75));
    const events = harness.dataOf('prediction-dynamics');
    expect(events.map(({ output, task }) => `${String(output)}:${String(task)}`)).toEqual(['class:classification', 'side:regression', 'class:classification', 'side:regression']);
    expect(events.slice(2)).toMatchObject([{ change: { meanAbsolute: 0.5, flipped: 1 } }, { change: { meanAbsolute: 0.25, flipped: null } }]);
  });

  test('a task for an output that the model does not have is refused, with the names that it has', async () => {
    const harness = new PluginHarness(predictionDynamics({ task: { clas: 'binary' } }), { outputNames: ['class', 'side'] });
    await expect(harness.call('fitStart', { fit: 1, resumed: false, epochs: 1, stepsPerEpoch: 1, hasValidation: true, weights: [] })).rejects.toThrow("predictionDynamics has a task for clas; the model's outputs are class, side.");
  });

  test('NaN predictions are counted and told, and the window begins anew', async () => {
    const harness = new PluginHarness(predictionDynamics());
    for (let i = 0; i < 8; i += 1) await see(harness, moved(i));
    expect(harness.dataOf('prediction-dynamics').at(-1)).toMatchObject({ trend: { label: 'drifting' } });
    const bad = await see(harness, prediction([2, 1], NaN, 1));
    expect(bad).toMatchObject({ notFinite: 1, trend: { label: 'unknown' }, task: 'regression' });
    expect((bad['change'] as { meanAbsolute: number }).meanAbsolute).toBeNaN();
    expect((bad['samples'] as { prediction: number[] }[])[0]?.prediction[0]).toBeNaN();
    for (let i = 0; i < 7; i += 1) await see(harness, moved(i));
    expect(harness.dataOf('prediction-dynamics').slice(-2)).toMatchObject([{ trend: { label: 'unknown' } }, { trend: { label: 'drifting' } }]);
    expect(harness.findings).toEqual([]);
  });

  test('when a single column leaves [0, 1] it is read anew: no flips, and a trend from there on', async () => {
    const harness = new PluginHarness(predictionDynamics());
    await see(harness, prediction([1, 1], 0.25));
    expect(await see(harness, prediction([1, 1], 0.75))).toMatchObject({ task: 'binary', samples: [{ flips: 1 }] });
    expect(await see(harness, prediction([1, 1], 1.5))).toMatchObject({ task: 'regression', change: { meanAbsolute: 0.75, flipped: null }, samples: [{ flips: null }] });
  });
});

describe("predictionDynamics' trend and finding", () => {
  test('predictions that close in on their goal by half each time are settling at the seventh look', async () => {
    const harness = new PluginHarness(predictionDynamics());
    for (let i = 0; i < 7; i += 1) await see(harness, moved(2 ** -i));
    expect(harness.dataOf('prediction-dynamics').map(({ trend }) => (trend as { label: string }).label)).toEqual([...Array<string>(6).fill('unknown'), 'settling']);
  });

  test('predictions that swing by 0.25 are a finding at the fourteenth look, once, with the numbers', async () => {
    const harness = new PluginHarness(predictionDynamics());
    for (let look = 0; look < 13; look += 1) await see(harness, swing(look));
    expect(harness.findings).toEqual([]);
    for (let look = 13; look < 40; look += 1) await see(harness, swing(look));
    expect(harness.findings).toHaveLength(1);
    expect(harness.findings[0]).toMatchObject({
      rule: 'predictions-oscillating',
      severity: 'warning',
      message: 'the predictions of "output" swing to and fro: over the last 13 changes by 0.250 each time, 100% of the most in this run, with a mean cosine of -1.00 between successive changes',
      where: { steps: { from: 70, to: 140 } },
      evidence: { output: 'output', label: 'oscillating', amplitude: 0.25, growth: 1, cosine: -1, ofPeak: 1, variation: 0, spread: 0.5, changes: 13, learningRate: 0.1 },
    });
  });

  test('a swing of a twentieth of what tells the samples apart is a trend and no finding', async () => {
    const harness = new PluginHarness(predictionDynamics());
    for (let look = 0; look < 30; look += 1) await see(harness, swing(look, 0.025));
    expect(harness.dataOf('prediction-dynamics').at(-1)).toMatchObject({ trend: { label: 'oscillating' } });
    expect(harness.findings).toEqual([]);
  });

  test('probabilities that swing without a label flipping are worth knowing, not a warning', async () => {
    const harness = new PluginHarness(predictionDynamics());
    for (let look = 0; look < 14; look += 1) await see(harness, look % 2 === 0 ? prediction([2, 2], 0.75, 0.25, 0.25, 0.75) : prediction([2, 2], 0.875, 0.125, 0.375, 0.625));
    expect(harness.findings).toMatchObject([{ severity: 'info', evidence: { flipped: 0 } }]);
  });

  test('it is told again only after eight looks without any oscillation', async () => {
    const harness = new PluginHarness(predictionDynamics());
    let shift = 0;
    const swingFor = async (looks: number): Promise<void> => {
      for (let look = 0; look < looks; look += 1) await see(harness, moved(shift + (look % 2) * 0.25));
    };
    const driftFor = async (looks: number): Promise<void> => {
      for (let look = 0; look < looks; look += 1) await see(harness, moved((shift += 0.25)));
    };
    await swingFor(20);
    await driftFor(3);
    await swingFor(20);
    expect(harness.findings).toHaveLength(1);
    await driftFor(14);
    await swingFor(20);
    expect(harness.findings).toHaveLength(2);
  });

  test('resumed after any look, it tells and finds what the uninterrupted run does', async () => {
    const looks = Array.from({ length: 24 }, (_, i) => (i < 4 ? moved(i) : i === 5 ? prediction([2, 1], NaN, 0) : swing(i, 0.3)));
    const whole = new PluginHarness(predictionDynamics());
    for (const each of looks) await see(whole, each);
    expect(whole.findings).toHaveLength(1);
    for (let cut = 1; cut < looks.length; cut += 1) {
      const before = new PluginHarness(predictionDynamics());
      for (const each of looks.slice(0, cut)) await see(before, each);
      const after = new PluginHarness(predictionDynamics(), { epoch: cut, step: 10 * cut });
      after.context.state = after.plugin.bind().parseState(structuredClone(before.context.state));
      for (const each of looks.slice(cut)) await see(after, each);
      expect([...before.events, ...after.events]).toEqual(whole.events);
      expect([...before.findings, ...after.findings]).toEqual(whole.findings);
    }
  });

  test('other samples than those remembered begin anew', async () => {
    const first = new PluginHarness(predictionDynamics());
    await see(first, moved(0));
    const second = new PluginHarness(predictionDynamics());
    second.context.state = structuredClone(first.context.state);
    expect(await see(second, prediction([3, 1], 5, 6, 7))).toMatchObject({ change: null });
  });
});
