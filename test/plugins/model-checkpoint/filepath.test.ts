import { expect, test } from 'vitest';
import { parseFilepath } from '../../../plugins/model-checkpoint/filepath.js';

const fill = (text: string, values: Record<string, number>): string => {
  const parsed = parseFilepath(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.fill(values);
};

// The right-hand sides are what Python's str.format gives.
test.each([
  ['models/best', {}, 'models/best'],
  ['m-{epoch}', { epoch: 7 }, 'm-7'],
  ['m-{epoch:03d}-{step:d}', { epoch: 7, step: 1200 }, 'm-007-1200'],
  ['{val_loss:.4f}', { val_loss: 0.123456 }, '0.1235'],
  ['{val_loss:f}', { val_loss: 0.5 }, '0.500000'],
  ['{loss:.2e}', { loss: 0.00012345 }, '1.23e-04'],
  ['{loss:.1e}', { loss: 1.5e120 }, '1.5e+120'],
  ['{accuracy:.1%}', { accuracy: 0.875 }, '87.5%'],
  ['{loss:.3g}', { loss: 0.123456 }, '0.123'],
  ['{loss:08.3f}', { loss: -1.5 }, '-001.500'],
  ['{loss:.3f}', { loss: Number.NaN }, 'nan'],
  ['{loss}', { loss: -Infinity }, '-inf'],
  ['{val_loss:.4f}', {}, 'none'],
])('%s with %j is %s', (text, values, path) => {
  expect(fill(text, values)).toBe(path);
});

test('the metrics of a path are named once, without epoch and step', () => {
  expect(parseFilepath('{epoch}/{val_loss:.2f}-{step}-{val_loss}-{accuracy}')).toMatchObject({ metrics: ['val_loss', 'accuracy'] });
});

test.each([
  ['{}', 'names no metric'],
  ['{val loss}', 'names no metric'],
  ['{loss:.4x}', 'has the format ".4x"'],
  ['{loss:04d}', 'writes a metric as a whole number'],
  ['{epoch:.2d}', 'asks for digits of a whole number'],
  ['{epoch', 'a brace is not closed'],
  ['epoch}', 'a brace is not closed'],
])('%s is refused: it %s', (text, why) => {
  const parsed = parseFilepath(text);
  expect('problem' in parsed ? parsed.problem : '').toContain(why);
});
