import { strict as assert } from 'node:assert';
import { ConfigError } from 'trainscope';
import { parseConfig } from 'trainscope/config';

const text = `
loss: meanSquaredError
fit: { epoch: 3 }
plugins:
  - gradientNorms
  - earlyStopping: { patience: -1 }
`;
await assert.rejects(parseConfig(text, { file: 'run.yaml' }), (error) => {
  assert(error instanceof ConfigError);
  console.log(error.message);
  return error.problems.length === 3;
});

export {};
