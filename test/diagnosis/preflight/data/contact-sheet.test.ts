import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { inflateSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { contactSheet } from '../../../../src/diagnosis/preflight/data/contact-sheet.js';
import { encodePng } from '../../../../src/png.js';
import type { Experiment } from '../../../../src/diagnosis/preflight/experiment.js';
import { Lab, labDefaults } from '../../../../src/diagnosis/preflight/lab.js';
import { useBackend } from '../../../support/backends.js';
import { classifier, clusters, sums, regressor } from './setups.js';

beforeAll(() => useBackend('wasm'));

async function sheet(experiment: Experiment, rows?: number): Promise<string> {
  const lab = await Lab.open(experiment, labDefaults);
  const before = tf.memory().numTensors;
  const html = await contactSheet(lab, rows === undefined ? {} : { rows });
  expect(tf.memory().numTensors).toBe(before);
  lab.close();
  return html;
}

/** Type and data of each chunk. */
function chunks(png: Buffer): [string, Buffer][] {
  const found: [string, Buffer][] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    found.push([png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length)]);
    at += 12 + length;
  }
  return found;
}

describe('a PNG', () => {
  test('of 2 x 1 red and half-clear blue has its header, one filtered line, and the checksum of IEND', () => {
    const png = encodePng(Uint8Array.from([255, 0, 0, 255, 0, 0, 255, 128]), 2, 1, 4);
    expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
    const [header, data, end] = chunks(png);
    expect([...header![1]]).toEqual([0, 0, 0, 2, 0, 0, 0, 1, 8, 6, 0, 0, 0]);
    expect([...inflateSync(data![1])]).toEqual([0, 255, 0, 0, 255, 0, 0, 255, 128]);
    expect(end![0]).toBe('IEND');
    // As in every PNG: the CRC-32 of "IEND".
    expect(png.subarray(-4).toString('hex')).toBe('ae426082');
  });
});

describe('a contact sheet', () => {
  test('draws images with one range for all, so that 3 is white and 0 black', async () => {
    const values = Float32Array.from({ length: 4 * 4 * 2 }, (_, i) => (i % 2 === 0 ? 0 : 3));
    const model = () => sequential({ layers: [layers.flatten({ inputShape: [2, 2, 1] }), layers.dense({ units: 2, activation: 'softmax' })] });
    const html = await sheet({ model, loss: 'sparseCategoricalCrossentropy', backend: 'keep', data: { inputs: { values, shape: [8, 2, 2, 1] }, labels: Int32Array.from({ length: 8 }, (_, i) => i % 2) } });
    const images = [...html.matchAll(/data:image\/png;base64,([^"]+)"/g)].map(([, text]) => Buffer.from(text!, 'base64'));
    expect(images.length).toBe(8);
    expect([...inflateSync(chunks(images[0]!)[1]![1])]).toEqual([0, 0, 255, 0, 0, 255]);
    expect(html).toContain('shape [2, 2, 1], float32, from 0 to 3');
    expect(html).toMatch(/label [01], <span class="(good|bad)">predicted [01]/);
  });

  test('is a table for features, with their names made harmless, and no address to load from', async () => {
    const html = await sheet({ ...classifier(clusters(50)), featureNames: ['<script>alert(1)</script>', 'age'] }, 5);
    expect(html).toContain('<th>&lt;script&gt;alert(1)&lt;/script&gt;</th><th>age</th>');
    expect(html).not.toMatch(/<script|https?:|src="(?!data:)/);
    expect(html.match(/<tr><th>\d+<\/th>/g)?.length).toBe(5);
    expect(html).toMatch(/prefers-color-scheme|light-dark/);
  });

  test('is lines for sequences, numbers for tokens, and says of numbers what was asked and what came', async () => {
    const lines = await sheet({
      model: () => sequential({ layers: [layers.gru({ units: 2, inputShape: [5, 2] }), layers.dense({ units: 1 })] }),
      loss: 'meanSquaredError',
      backend: 'keep',
      data: { inputs: { values: Float32Array.from({ length: 60 }, (_, i) => i), shape: [6, 5, 2] }, labels: [[1], [2], [3], [4], [5], [6]] },
    });
    expect(lines.match(/<polyline/g)?.length).toBe(12);
    const tokens = await sheet({
      model: () => sequential({ layers: [layers.embedding({ inputDim: 9, outputDim: 2, inputLength: 3 }), layers.flatten(), layers.dense({ units: 1 })] }),
      loss: 'meanSquaredError',
      backend: 'keep',
      data: { inputs: { values: Int32Array.from([1, 2, 3, 4, 5, 6]), shape: [2, 3] }, labels: [[1], [2]] },
    });
    expect(tokens).toContain('<div class="tokens">4 5 6</div>');
    expect(await sheet(regressor(sums(20)))).toMatch(/label -?[\d.]+, predicted -?[\d.e-]+/);
  });

  test('draws 64 numbers as an image of 8 x 8 and says so, and 60 as a line', async () => {
    const rows = (width: number) => Array.from({ length: 20 }, (_, i) => Array.from({ length: width }, (__, j) => Math.sin(i + 3 * j)));
    const of = (width: number): Experiment => regressor({ inputs: rows(width), labels: rows(1) }, undefined, width);
    const square = await sheet(of(64), 4);
    expect(square).toContain('shape [64], float32');
    expect(square).toContain('drawn as 8 x 8');
    expect(square).toContain('width="8" height="8"');
    expect(await sheet(of(60), 4)).not.toContain('drawn as');
  });
});
