import { describe, expect, test } from 'vitest';
import { memorySink, sentence, type CoreEvents } from '../../src/events/index.js';
import { busWith, emitExample } from './examples.js';

const sentences: { [Name in keyof CoreEvents]: string } = {
  'run-start': 'run run-1 starts: 5 epochs of a model with 15 parameters on wasm',
  'epoch-start': 'epoch 3/5 starts  learning rate 0.001',
  step: 'step 12  loss NaN  accuracy 0.5  perplexity Infinity',
  validation: 'validation of epoch 3  val_loss -Infinity  val_accuracy 0.75',
  'epoch-end': 'epoch 3/5  loss 0.0812  accuracy 0.975  val_loss 0.0934',
  'run-end': 'run stopped by early-stopping: val_loss has not improved after 3 epochs, 12 steps, with 1 finding',
  finding: 'loss-not-finite: The loss is NaN at step 3. Lower the learning rate.',
  'plugin-error': 'plugin p threw in stepEnd at step 12 (disable): x is not a function',
  'plugin-slow': 'plugin p takes 40 % of the time',
  'listener-error': 'a listener of step threw and is not called any more: no',
  'sink-error': 'the sink file:run.jsonl failed and is not written to any more: ENOSPC: no space left on device, write',
  'sink-loss': 'the sink pino could not keep up: 12 events left out after seq 256',
  resume: 'run run-1 goes on from epoch-0002-step-00000120: epoch 3, step 120 (attempt 2)',
  error: 'DataError: labels have shape [32]',
};

describe('the sentence', () => {
  test.each(Object.entries(sentences))('of %s is: %s', (name, text) => {
    const sink = memorySink();
    emitExample(busWith([sink]), name as keyof CoreEvents, { plugin: 'p', epoch: 3, step: 12 });
    expect(sentence(sink.events[0]!)).toBe(text);
  });

  const ofPlugin = (data: Readonly<Record<string, unknown>>): string => {
    const sink = memorySink();
    emitExample(busWith([sink]), 'error', { plugin: 'p', epoch: 3, step: 12 });
    return sentence({ ...sink.events[0]!, event: 'dead-units', data });
  };

  test("of a plugin's own event is its name, the plugin's, and its plain fields", () => {
    expect(ofPlugin({})).toBe('dead-units (p)');
    expect(ofPlugin({ share: 0.123456, layers: { a: 1 }, score: null, worst: 'block1', told: false, norm: NaN, list: [1] })).toBe('dead-units (p)  share 0.1235  worst block1  told false  norm NaN');
  });

  test("of a plugin's own event leaves out what would make the line longer than 100 characters", () => {
    const long = ofPlugin({ first: 1, text: 'x'.repeat(100), ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`field${String(i)}`, i])) });
    expect(long.startsWith('dead-units (p)  first 1  field0 0  field1 1')).toBe(true);
    expect(long.length).toBeLessThanOrEqual(100);
    expect(long.length).toBeGreaterThan(85);
  });

  test('of a finding ends the message before the remedy begins', () => {
    const sink = memorySink();
    const bus = busWith([sink]);
    emitExample(bus, 'finding', { plugin: 'p', epoch: 3, step: 12 });
    const event = sink.events[0]!;
    expect(sentence({ ...event, data: { ...event.data, message: 'two runs differ by 3' } })).toBe('loss-not-finite: two runs differ by 3. Lower the learning rate.');
  });
});
