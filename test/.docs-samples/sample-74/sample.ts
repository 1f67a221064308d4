import { strict as assert } from 'node:assert';
import { earlyStopping } from 'trainscope/plugins';
import { PluginHarness } from 'trainscope/testing';

const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 2 }));
const epoch = (loss: number) => harness.call('epochEnd', { metrics: { loss }, validation: null, steps: 1, samples: 1, milliseconds: 1 });
await epoch(1);
await epoch(2);
assert.deepEqual(harness.stops, []);
await epoch(2);
assert.equal(harness.stops.length, 1);
assert.equal(harness.dataOf('early-stopping').at(-1)?.['wait'], 2);

export {};
