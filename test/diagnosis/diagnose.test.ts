import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/diagnosis/index.js';
import type { TrainscopeEvent } from '../../src/events/index.js';
import { kernel, layer, statistics } from './rules/run.js';

let seq = 0;
const event = (name: string, step: number, epoch: number, data: Record<string, unknown>): TrainscopeEvent => ({ v: 1, runId: 'r', seq: (seq += 1), time: 0, event: name, plugin: null, epoch, step, level: 'info', data });

/** A log with losses alone, as any trainer writes it: an epoch of ten steps for each loss. */
const log = (losses: readonly number[], validation: readonly number[] = []): TrainscopeEvent[] =>
  losses.flatMap((loss, i) => [
    event('step', 10 * (i + 1), i + 1, { loss, metrics: {}, learningRate: 0.1, batchSize: 8, samples: 80 * (i + 1), updated: true }),
    event('epoch-end', 10 * (i + 1), i + 1, { epochs: losses.length, metrics: { loss }, validation: validation[i] === undefined ? null : { loss: validation[i] }, learningRate: 0.1, steps: 10, samples: 80, ms: 5 }),
  ]);

describe('a log of losses alone', () => {
  test('that rise from 1 to 5 and stay there', () => {
    const { findings } = diagnose(log(Array.from({ length: 40 }, (_, i) => 1 + Math.min(4, 0.2 * i))));
    expect(findings.map(({ rule, severity }) => `${rule} ${severity}`)).toEqual(['loss-rising warning']);
  });
  test('of which one is NaN: that is told, where no plugin and no trainer told it', () => {
    const lost = log([1, 0.9, NaN, NaN, 0.7]);
    const { findings } = diagnose(lost);
    expect(findings.filter(({ rule }) => rule === 'non-finite-loss').map(({ severity, message }) => [severity, message])).toEqual([['error', 'the loss of step 30 is NaN']]);
    const told = event('finding', 30, 3, { rule: 'non-finite-loss', severity: 'error', where: {}, message: 'by the trainer', evidence: {}, remedy: 'r', docs: null });
    expect(diagnose([...lost, told]).findings.map(({ message }) => message)).not.toContain('the loss of step 30 is NaN');
    expect(diagnose(lost, { skip: ['non-finite-loss'] }).findings.map(({ rule }) => rule)).not.toContain('non-finite-loss');
  });
  test('that fall: nothing but the parts of the error, 0.2 and a gap of 0.1', () => {
    const losses = Array.from({ length: 20 }, (_, i) => 0.2 + 0.8 ** i - 0.8 ** 19);
    const { findings, decomposition } = diagnose(log(losses, losses.map((each) => each + 0.1)), { irreducible: 0.15 });
    expect(findings).toEqual([]);
    expect(decomposition?.bias).toBeCloseTo(0.05, 6);
    expect(decomposition?.next).toBe('variance');
  });
  test('with a finding of the time: it is kept, unless it is to be skipped', () => {
    const data = { rule: 'tensor-leak', severity: 'warning', where: {}, message: 'm', evidence: {}, remedy: 'r.', docs: null };
    const events = [...log([2, 1, 0.5]), event('finding', 30, 3, data)];
    expect(diagnose(events).findings.map(({ rule }) => rule)).toEqual(['tensor-leak']);
    expect(diagnose(events, { skip: ['tensor-leak'] }).findings).toEqual([]);
  });
  test('that is empty, or holds events that do not fit, has nothing to tell', () => {
    expect(diagnose([])).toEqual({ findings: [], all: [], decomposition: null });
    expect(diagnose([event('step', 1, 1, { loss: 'much' }), event('training-statistics', 1, 1, {})]).all).toEqual([]);
  });
});

describe('what was written by anyone', () => {
  test('weights, layers and rules may have names that every object has', () => {
    const measured = statistics({ layers: { constructor: layer() }, weights: { toString: kernel() } });
    const told = { rule: 'constructor', severity: 'info', where: {}, message: 'm', evidence: {}, remedy: 'r.', docs: null };
    expect(diagnose([event('training-statistics', 1, 1, measured), event('training-statistics', 2, 1, measured), event('finding', 2, 1, told)]).all).toEqual([told]);
  });
  test.each([
    ['nothing', undefined, {}, 'no events: undefined'],
    ['a number', 5, {}, 'no events: 5'],
    ['a text', 'run.ndjson', {}, 'no events: "run.ndjson"'],
    ['lines that were not read', [event('step', 1, 1, {}), '{"v":1}'], {}, 'no events: "{\\"v\\":1}" among them'],
    ['a hole among events', [null], {}, 'no events: nothing (null) among them'],
    ['a mistyped option', [], { skipp: [] }, 'unknown key "skipp" (did you mean "skip"?)'],
    ['options that are null', [], null, 'found nothing (null), expected an object'],
  ])('%s is refused', (_, events, options, says) => {
    expect(() => diagnose(events as never, options as never)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringContaining(says) as string }));
  });
});
