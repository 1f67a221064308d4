import { input, layers, model as makeModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { consolidate } from '../../../../src/diagnosis/consolidate.js';
import { finding } from '../../../../src/diagnosis/finding.js';
import { useBackend } from '../../../support/backends.js';
import { alarms, classifier, clusters, cut, infos, look, net, random, regressor, sums } from './setups.js';

beforeAll(() => useBackend('wasm'));

const numbers = sums(400);
const under = (loss: string, of: (y: number) => number) => ({ model: net(6, 1), loss, backend: 'keep' as const, data: { inputs: numbers.inputs, labels: numbers.labels.map(([y = 0]) => [of(y)]) } });

describe('labels and the formula of the loss', () => {
  test('half of the labels 0 under a percentage error is a warning with that share; labels from 1 to 9 are none', async () => {
    const found = await look(under('meanAbsolutePercentageError', (y) => Math.max(0, y)));
    const [first] = found.filter(({ rule }) => rule === 'labels-do-not-suit-loss');
    expect(first).toMatchObject({ severity: 'warning', evidence: { loss: 'meanAbsolutePercentageError' } });
    const zeros = numbers.labels.filter(([y = 0]) => y <= 0).length / 400;
    expect(Math.abs((first!.evidence['share'] as number) - zeros)).toBeLessThan(0.01);
    expect(await alarms(under('meanAbsolutePercentageError', (y) => 5 + 4 * Math.tanh(y)))).toEqual([]);
    expect(await alarms(under('meanAbsoluteError', (y) => Math.max(0, y)))).toEqual([]);
  });

  test('labels below 0 under a logarithmic error are a warning; amounts are none', async () => {
    expect(await alarms(under('meanSquaredLogarithmicError', (y) => y))).toEqual(['warning labels-do-not-suit-loss']);
    expect(await alarms(under('meanSquaredLogarithmicError', (y) => Math.exp(y)))).toEqual([]);
  });
});

describe('labels of validation beside those of the training', () => {
  test('1000 y + 5000 in validation is another scale, and the root of overfitting; y is none', async () => {
    const [own, held] = [cut(numbers, 0, 300), cut(numbers, 300)];
    const raw = { inputs: held.inputs, labels: held.labels.map(([y = 0]) => [1000 * y + 5000]) };
    expect(await alarms(regressor(own, raw))).toEqual(['warning validation-scaled-differently']);
    expect(await alarms(regressor(own, held))).toEqual([]);
    const found = [...(await look(regressor(own, raw))), finding({ rule: 'overfitting', severity: 'warning', message: 'validation is worse', remedy: 'look' })];
    expect(consolidate(found).filter(({ severity }) => severity !== 'info').map(({ rule }) => rule)).toEqual(['validation-scaled-differently']);
  });

  test('two outputs whose labels changed places in validation are a warning; in the same order they are none', async () => {
    const model = () => {
      const x = input({ shape: [6] });
      return makeModel({ inputs: x, outputs: ['a', 'b'].map((name) => layers.dense({ units: 1, name }).apply(x) as SymbolicTensor) });
    };
    const b = numbers.inputs.map((row) => [row[5]! + 0.5 * row[3]!]);
    const of = (swapped: boolean) => {
      const [first, second] = swapped ? [b, numbers.labels] : [numbers.labels, b];
      return { model, loss: 'meanSquaredError', backend: 'keep' as const, data: { inputs: numbers.inputs.slice(0, 300), labels: [numbers.labels.slice(0, 300), b.slice(0, 300)] }, validation: { inputs: numbers.inputs.slice(300), labels: [first.slice(300), second.slice(300)] } };
    };
    expect(await alarms(of(true))).toContain('warning distribution-shift');
    expect(await alarms(of(false))).toEqual([]);
  });

  test('validation of one class alone says nothing about whether labels are in step', async () => {
    const rows = clusters(600);
    const own = cut(rows, 0, 400);
    const kept = Array.from({ length: 200 }, (_, i) => 400 + i).filter((i) => rows.labels[i] === 2);
    expect(await alarms(classifier(own, { inputs: kept.map((i) => rows.inputs[i]!), labels: kept.map((i) => rows.labels[i]!) }))).not.toContain('warning validation-labels-out-of-step');
  });
});

describe('copies of training samples in validation', () => {
  const stream = random('moons');
  const points = Array.from({ length: 500 }, () => [stream.normal(), stream.normal()]);
  const order = random('order').permutation(1250);

  test('a class given four times before an 80 / 20 split is a leak; oversampled after the split it is none', async () => {
    const times = (rows: number[][]) => rows.flatMap((row, i) => Array.from({ length: i % 2 === 0 ? 1 : 4 }, () => ({ row, label: i % 2 })));
    const all = times(points);
    const mixed = Array.from(order, (i) => all[i]!);
    const rows = (of: { row: number[]; label: number }[]) => ({ inputs: of.map(({ row }) => row), labels: of.map(({ label }) => label) });
    expect(await alarms(classifier(rows(mixed.slice(0, 1000)), rows(mixed.slice(1000)), 2, 2))).toContain('warning train-validation-leak');
    const held = points.slice(400).map((row, i) => ({ row, label: i % 2 }));
    expect(await alarms(classifier(rows(times(points.slice(0, 400))), rows(held), 2, 2))).not.toContain('warning train-validation-leak');
    expect(await infos(classifier(rows(times(points.slice(0, 400))), rows(held), 2, 2))).toContain('repeated-samples');
  });

  test('a wave of period 20 repeats its windows in both parts, and that is no leak', async () => {
    const wave = Array.from({ length: 400 }, (_, i) => Array.from({ length: 4 }, (__, t) => Math.sin((2 * Math.PI * ((i + t) % 20)) / 20)));
    const labels = wave.map((_, i) => [Math.sin((2 * Math.PI * ((i + 4) % 20)) / 20)]);
    expect(await alarms(regressor(cut({ inputs: wave, labels }, 0, 300), cut({ inputs: wave, labels }, 300), 4))).not.toContain('warning train-validation-leak');
  });
});
