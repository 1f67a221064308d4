import * as tf from '@tensorflow/tfjs-core';

const rows = Array.from({ length: 100 }, (_, i) => [i / 100]);
function* batches() {
  for (let at = 0; at < rows.length; at += 20) {
    const some = rows.slice(at, at + 20); // Not slice(0, 20).
    yield { inputs: tf.tensor2d(some), labels: tf.tensor2d(some.map(([x = 0]) => [2 * x])) };
  }
}

export {};
