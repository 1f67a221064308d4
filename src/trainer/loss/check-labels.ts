import * as tf from '@tensorflow/tfjs-core';
import { DataError } from '../../errors.js';
import type { CompiledLoss } from './compile-loss.js';
import { assertLabelShape, shapeText, type Shape } from './label-shapes.js';
import type { LabelValues, OutputLoss } from './loss.js';
import { thrownText } from '../../thrown-text.js';

/**
 * Checks a batch's labels against the loss before the first step: their shapes, then their values, read once; and
 * calls a custom loss once, on predictions of zeros, to see that it returns a loss that has a gradient. An error is
 * only what is surely wrong: labels of 0 under categorical cross-entropy (a masked sample) pass.
 *
 * @param labels One an output. @param predictions The predictions' shapes, one an output, [batch, ...].
 * @throws DataError DATA_SHAPE, LABEL_OUT_OF_RANGE (with the value, its sample and what is valid), LOSS_OUTPUT_MISMATCH
 *   or LOSS_NOT_DIFFERENTIABLE
 */
export async function checkLabels(loss: CompiledLoss, labels: readonly tf.Tensor[], predictions: readonly Shape[]): Promise<void> {
  if (labels.length !== loss.outputs.length || predictions.length !== loss.outputs.length) {
    throw new DataError('DATA_SHAPE', {
      found: `there are ${labels.length} label tensors for ${predictions.length} predictions`,
      expected: `the model has ${loss.outputs.length} outputs (${loss.outputs.map(({ output }) => output.name).join(', ')}), each with labels of its own`,
    });
  }
  const checked = loss.outputs.flatMap((outputLoss, i) => {
    const label = labels[i];
    const shape = predictions[i];
    return label === undefined || shape === undefined ? [] : [{ outputLoss, label, shape }];
  });
  for (const { outputLoss, label, shape } of checked) {
    assertLabelShape(outputLoss.form, outputLoss.name, outputLoss.output.name, label.shape, shape);
    if (outputLoss.form === 'class' && shape.at(-1) === 1) throw oneClass(outputLoss, shape);
    if (outputLoss.custom) assertGradient(loss, outputLoss, label, shape);
  }
  const judged = checked.filter(({ outputLoss }) => outputLoss.values !== 'any');
  const values = await Promise.all(judged.map(({ label }) => label.data()));
  for (const [i, { outputLoss, label, shape }] of judged.entries()) {
    const read = values[i];
    if (read !== undefined) assertValues(outputLoss, label.shape, read, shape.at(-1) ?? 1);
  }
}

const oneClass = (loss: OutputLoss, shape: Shape): DataError =>
  new DataError('LOSS_OUTPUT_MISMATCH', {
    found: `output "${loss.output.name}" is 1 wide (${shapeText(shape)}), and ${loss.name} of one class is always 0`,
    expected: 'one number a class',
    remedy: 'Use binaryCrossentropy with one sigmoid for two classes, or give the output one number a class.',
  });

interface Demand {
  /** Whether a value may be there. NaN passes unless it must be a class: a loss gone to NaN is told from its own place. */
  fits(value: number, classes: number): boolean;
  expected(classes: number): string;
  remedy(value: number, classes: number): string;
}

const demands: Readonly<Record<Exclude<LabelValues, 'any' | 'sign'>, Demand>> = {
  class: {
    fits: (value, classes) => Number.isInteger(value) && value >= 0 && value < classes,
    expected: (classes) => `the output has ${classes} classes, so class numbers are whole and go from 0 to ${classes - 1}`,
    remedy: (value, classes) =>
      value === classes
        ? `Take 1 off the labels if they count from 1, or give the output ${classes + 1} numbers.`
        : 'Look where the labels are made, or use another loss if they are no classes.',
  },
  probability: {
    fits: (value) => !(value < 0 || value > 1),
    expected: () => 'labels are probabilities (or 0 and 1) and go from 0 to 1',
    remedy: (value) =>
      value === -1 ? 'Use hinge for labels of -1 and 1, or write 0 for -1.' : 'Bring them to 0..1, or use meanSquaredError if they are measured values.',
  },
  'non-negative': {
    fits: (value) => !(value < 0),
    expected: () => 'labels are counts, from 0 up',
    remedy: () => 'Use meanSquaredError for values of either sign.',
  },
};

function assertValues({ output, name, values: kind }: OutputLoss, labels: Shape, values: ArrayLike<number>, classes: number): void {
  if (kind === 'any') return;
  if (kind === 'sign') {
    assertSigns(output.name, name, values);
    return;
  }
  const demand = demands[kind];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (demand.fits(value, classes)) continue;
    throw new DataError('LABEL_OUT_OF_RANGE', {
      found: `a label of output "${output.name}" is ${value} (sample ${sampleOf(i, labels, values.length)})`,
      expected: `for ${name} ${demand.expected(classes)}`,
      remedy: demand.remedy(value, classes),
    });
  }
}

/** The sample that the i-th of the values belongs to, with the place inside it where a sample has several. */
function sampleOf(i: number, shape: Shape, length: number): string {
  const perSample = length / (shape[0] ?? 1);
  const sample = Math.floor(i / perSample);
  return perSample === 1 ? String(sample) : `${sample}, value ${i % perSample}`;
}

/**
 * Labels of 0 and 1 where -1 and 1 belong: a sample labelled 0 has a hinge loss of 1 whatever is predicted, so the
 * model learns one class alone. A 0 beside both signs may be a mask, and other sizes may be margins: both pass.
 */
function assertSigns(output: string, loss: string, values: ArrayLike<number>): void {
  const seen = new Set(Array.from(values));
  if (seen.size !== 2 || !seen.has(0) || !seen.has(1)) return;
  throw new DataError('LABEL_OUT_OF_RANGE', {
    found: `the labels of output "${output}" are 0 and 1 (sample ${Array.from(values).indexOf(0)} is the first 0)`,
    expected: `for ${loss} labels are -1 and 1; the loss of a 0 does not depend on the prediction`,
    remedy: 'Write -1 for 0: tf.sub(tf.mul(labels, 2), 1).',
  });
}

/** Throws unless a custom loss can be computed and depends on the predictions by operations that have gradients. */
function assertGradient(loss: CompiledLoss, { output, name }: OutputLoss, label: tf.Tensor, shape: Shape): void {
  const value = (predictions: tf.Tensor): tf.Scalar => loss.computeOutput(output.name, label, predictions);
  const reason = (error: unknown): string => thrownText(error).split('\n')[0] ?? '';
  tf.tidy(() => {
    const predictions = tf.zeros([...shape]);
    try {
      value(predictions);
    } catch (error) {
      if (error instanceof DataError) throw error;
      throw new DataError('LOSS_OUTPUT_MISMATCH', {
        found: `the loss "${name}" of output "${output.name}" failed for labels ${shapeText(label.shape)} and predictions ${shapeText(shape)} (${reason(error)})`,
        expected: 'it takes the labels and predictions of a batch',
        cause: error,
      });
    }
    let gradient: tf.Tensor | null | undefined;
    let cause: unknown;
    try {
      // Not tf.grad, which throws where nothing is connected and leaves what it kept for the backward pass behind.
      [gradient] = tf.engine().gradients(() => value(predictions), [predictions], undefined, true).grads;
    } catch (error) {
      cause = error;
    }
    if (gradient != null) return;
    throw new DataError('LOSS_NOT_DIFFERENTIABLE', {
      found: `the loss "${name}" of output "${output.name}" has no gradient for the predictions${cause === undefined ? '' : ` (${reason(cause)})`}`,
      expected: 'a loss is made of the predictions by TensorFlow.js operations that have gradients',
      remedy: 'Look for dataSync(), tf.argMax, tf.round, a comparison, or a function that forgets its second argument.',
      ...(cause === undefined ? {} : { cause }),
    });
  });
}
