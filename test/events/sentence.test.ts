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
  error: 'DataError: labels have shape [32]',
};

describe('the sentence', () => {
  test.each(Object.entries(sentences))('of %s is: %s', (name, text) => {
    const sink = memorySink();
    emitExample(busWith([sink]), name as keyof CoreEvents, { plugin: 'p', epoch: 3, step: 12 });
    expect(sentence(sink.events[0]!)).toBe(text);
  });

  test("of a plugin's own event is its name and the plugin's", () => {
    const sink = memorySink();
    emitExample(busWith([sink]), 'error', { plugin: 'p', epoch: 3, step: 12 });
    expect(sentence({ ...sink.events[0]!, event: 'dead-units' })).toBe('dead-units (p)');
  });
});
