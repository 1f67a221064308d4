import { describe, expect, it } from 'vitest';
import { formatSummary, type FitResult } from '../../src/index.js';

const result: FitResult = {
  runId: 'r',
  reason: 'stopped',
  stoppedBy: 'earlyStopping',
  message: 'enough',
  history: [{ epoch: 1, metrics: { loss: NaN }, validation: { loss: 0.5 }, learningRate: 0.1, steps: 4, samples: 8, milliseconds: 1500 }],
  metrics: { loss: NaN },
  findings: [{ rule: 'first-non-finite', severity: 'error', where: {}, message: 'the loss is NaN', evidence: {}, remedy: 'Lower the rate.', docs: null }],
  steps: 4,
  milliseconds: 2500,
};

describe('formatSummary', () => {
  it('tells the epochs, the end and the findings, a NaN too', () => {
    const lines = formatSummary(result).split('\n');
    expect(lines.find((line) => line.includes('NaN'))).toMatch(/1 .*NaN .*0\.5 .*0\.1 .*4 .*1\.5/);
    expect(lines.slice(-3)).toEqual(['stopped by earlyStopping: enough; 4 steps in 2.5 s', 'error first-non-finite: the loss is NaN', '  Lower the rate.']);
  });

  it('says so where no epoch was completed, and draws no empty table', () => {
    expect(formatSummary({ ...result, reason: 'aborted', stoppedBy: null, message: '', history: [], findings: [] })).toBe('no epoch was completed\naborted; 4 steps in 2.5 s\nno findings');
  });

  it.each([
    ['nothing', undefined, 'missing, expected an object'],
    ['a promise, of a fit that was not awaited', Promise.resolve(result), 'history: missing'],
    ['a history that is no list', { ...result, history: 3 }, 'history: found 3, expected an array'],
    ['an epoch without metrics', { ...result, history: [{ ...result.history[0], metrics: null }] }, 'history[0].metrics: found nothing (null), expected an object'],
    ['a finding that is a text', { ...result, findings: ['x'] }, 'findings[0]: found "x", expected an object'],
  ])('refuses %s', (_, given, says) => {
    expect(() => formatSummary(given as unknown as FitResult)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringContaining(says) as string }));
  });
});
