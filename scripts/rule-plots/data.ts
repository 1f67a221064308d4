import * as tf from '@tensorflow/tfjs-core';
import { nearest } from '../../src/diagnosis/preflight/data/neighbours.js';
import { bars, curves, histogram, type RulePlot, type Series } from './plot.js';
import { classifier, clusters, compared, dig, net, normals, numbersIn, oneHot, pick, random, range, regression, shuffled, table, targets, type Measured, type Rows } from './preflight-setups.js';

const cut = ({ inputs, labels }: Rows, from: number, to?: number): Rows => ({ inputs: inputs.slice(from, to), labels: labels.slice(from, to) });
const all = clusters(600);
const training = cut(all, 0, 400);
const validation = cut(all, 400);
const effect = (part: string) => (measured: Measured): number => Math.max(0, pick(measured, 'out', part, 'effect'));
/** Samples of each class, by the name under the bars. */
const countOf = (classes: number): Readonly<Record<string, (measured: Measured) => number>> => Object.fromEntries(range(classes).map((c) => [`class ${String(c)}`, (measured: Measured) => pick(measured, 'out/counts', c)]));
const only = (classes: readonly number[], rows: Rows = training): Rows => {
  const kept = range(rows.labels.length).filter((i) => classes.includes(rows.labels[i] ?? -1));
  return { inputs: kept.map((i) => rows.inputs[i] ?? []), labels: kept.map((i) => rows.labels[i] ?? 0) };
};

const duplicates: readonly RulePlot[] = [
  compared({
    rule: 'conflicting-labels',
    alt: 'Two bars: the share of training samples that no model can get right. It is far above the line at 0.01 where inputs are rounded to a few values, and 0 where they are not.',
    check: 'duplicates',
    title: 'Samples whose equals have another label',
    yTitle: 'share of training samples',
    faulty: () => classifier({ data: { inputs: training.inputs.map((row) => row.map((x) => Math.round(x / 3))), labels: training.labels } }),
    sound: () => classifier({ data: training }),
    read: { 'beyond any model': (measured) => pick(measured, 'conflicting') },
    threshold: 0.01,
  }),
  compared({
    rule: 'repeated-samples',
    alt: 'Two bars: the share of training samples that repeat another one. It is 0.67 where a join has made three of each row, above the line at 0.1, and 0 where rows are all different.',
    check: 'duplicates',
    title: 'Training samples that repeat another one',
    yTitle: 'share of training samples',
    faulty: () => {
      const few = cut(training, 0, 130);
      return classifier({ data: { inputs: [...few.inputs, ...few.inputs, ...few.inputs], labels: [...few.labels, ...few.labels, ...few.labels] } });
    },
    sound: () => classifier({ data: training }),
    read: { repeated: (measured) => pick(measured, 'repeated') },
    threshold: 0.1,
  }),
  compared({
    rule: 'train-validation-leak',
    alt: 'Bars of the share of validation samples that stand in the training too: 0.5 in the faulty split, above the line at 0.1, and 0 in the sound one. Beside them the control, the share of training samples with an equal among themselves: 0 in both.',
    check: 'duplicates',
    title: 'Validation samples that are in the training too',
    yTitle: 'share of samples',
    faulty: () => classifier({ data: training, validation: { inputs: [...validation.inputs.slice(0, 100), ...training.inputs.slice(0, 100)], labels: [...validation.labels.slice(0, 100), ...training.labels.slice(0, 100)] } }),
    sound: () => classifier({ data: training, validation }),
    read: { 'of validation': (measured) => pick(measured, 'leak', 'share'), 'control': (measured) => pick(measured, 'leak', 'control') },
    threshold: 0.1,
  }),
];

/** Share of neighbours' labels that agree, when labels are moved along by some samples. */
function scores({ inputs, labels }: Rows, shifts: readonly number[]): Series {
  const [count, dims, k] = [inputs.length, inputs[0]?.length ?? 0, 5];
  const points = { indices: Int32Array.from(range(count)), x: Float32Array.from(inputs.flat()), dims };
  const pairs = nearest(points, points, k, true);
  const at = (i: number, shift: number): number | undefined => labels[(i + shift + count) % count];
  const y = shifts.map((shift) => pairs.reduce((sum, other, slot) => sum + Number(at(Math.floor(slot / k), shift) === at(other, shift)), 0) / pairs.length);
  return { x: shifts, y };
}

/** A stream of batches, the same one each time or one after the other. */
const stream = (moving: boolean) =>
  function* batches(): Generator<{ inputs: tf.Tensor; labels: tf.Tensor }> {
    for (let at = 0; at < 320; at += 32) {
      const { inputs, labels } = cut(training, moving ? at : 0, (moving ? at : 0) + 32);
      yield { inputs: tf.tensor2d(inputs), labels: tf.tensor1d(labels, 'int32') };
    }
  };

const order: readonly RulePlot[] = [
  compared({
    rule: 'repeated-batches',
    alt: 'Bars of ten batches that a stream gives: how many hold the same samples as the first. It is all ten in the faulty stream, and only the first itself in the sound one.',
    check: 'repeated-batches',
    title: 'Batches that hold the samples of the first one',
    yTitle: 'batches',
    faulty: () => classifier({ data: stream(false) }),
    sound: () => classifier({ data: stream(true) }),
    read: { 'same as the first': (measured) => pick(measured, 'sameAsFirst'), 'looked at': (measured) => pick(measured, 'batches') },
  }),
  compared({
    rule: 'labels-not-predictable',
    alt: 'Bars of how much near inputs tell about labels, from 0 for chance to 1: in the faulty set-up 0 in training, where labels were shuffled, and nearly 1 in validation; in the sound one nearly 1 in both.',
    check: 'inputs-tell-labels',
    title: 'How much inputs tell about labels',
    yTitle: 'told, from chance to all',
    faulty: () => classifier({ data: { inputs: training.inputs, labels: shuffled(training.labels) }, validation }),
    sound: () => classifier({ data: training, validation }),
    read: { training: effect('training'), validation: effect('validation') },
  }),
  compared({
    rule: 'validation-labels-out-of-step',
    alt: 'Bars of how much near inputs tell about labels, from 0 for chance to 1: in the faulty set-up nearly 1 in training and about 0 in validation, where labels were shuffled; in the sound one nearly 1 in both.',
    check: 'inputs-tell-labels',
    title: 'How much inputs tell about labels',
    yTitle: 'told, from chance to all',
    faulty: () => classifier({ data: training, validation: { inputs: validation.inputs, labels: shuffled(validation.labels) } }),
    sound: () => classifier({ data: training, validation }),
    read: { training: effect('training'), validation: effect('validation') },
  }),
  compared({
    rule: 'validation-classes-renumbered',
    alt: 'Bars of how much near inputs tell about labels, from 0 for chance to 1: within training and within validation nearly 1 in both set-ups; across, from training to validation, 0 where the classes have other numbers there, and nearly 1 in the sound one.',
    check: 'inputs-tell-labels',
    title: 'How much inputs tell about labels',
    yTitle: 'told, from chance to all',
    faulty: () => classifier({ data: training, validation: { inputs: validation.inputs, labels: validation.labels.map((label) => (label + 1) % 4) } }),
    sound: () => classifier({ data: training, validation }),
    read: { 'within training': effect('training'), 'within validation': effect('validation'), across: effect('across') },
  }),
  {
    rule: 'labels-out-of-step',
    alt: 'Two curves of how often neighbours agree in their labels, over shifts of the labels from -8 to 8 samples. The sound one has its peak of nearly 1 at a shift of 0; the faulty one is at chance there, and has its peak at 3.',
    spec: () => {
      const shifts = range(17).map((i) => i - 8);
      const late = { inputs: training.inputs, labels: range(training.labels.length).map((i) => training.labels[(i - 3 + training.labels.length) % training.labels.length] ?? 0) };
      return Promise.resolve(curves({ title: 'Neighbours that agree, with the labels moved along', xTitle: 'labels moved by, samples', yTitle: 'share of neighbours that agree', faulty: scores(late, shifts), healthy: scores(training, shifts) }));
    },
  },
  compared({
    rule: 'sorted-by-class',
    alt: 'Bars of the chance that two samples are of one class: in the faulty set-up nearly 1 within a batch, above the line at 0.9, and 0.25 in the whole; in the sound one about 0.3 within a batch and 0.25 in the whole.',
    check: 'mixed-batches',
    title: 'Two samples are of one class',
    yTitle: 'chance',
    faulty: () => {
      const sorted = range(400).toSorted((a, b) => (training.labels[a] ?? 0) - (training.labels[b] ?? 0));
      return classifier({ data: { inputs: sorted.map((i) => training.inputs[i] ?? []), labels: sorted.map((i) => training.labels[i] ?? 0) }, fit: { shuffle: false, batchSize: 16, epochs: 1 } });
    },
    sound: () => classifier({ data: training, fit: { shuffle: false, batchSize: 16, epochs: 1 } }),
    read: { 'within a batch': (measured) => pick(measured, 'within'), 'in the whole': (measured) => pick(measured, 'overall') },
    threshold: 0.9,
  }),
  compared({
    rule: 'label-noise',
    alt: 'Bars of the share of labels that contradict most of their neighbours: in training about 0.25 in the faulty set-up, and nearly 0 in the sound one; in validation nearly 0 in both. A line marks 0.1.',
    check: 'label-noise',
    title: 'Labels against those of most neighbours',
    yTitle: 'share of samples',
    faulty: () => {
      const stream = random('noise');
      return classifier({ data: { inputs: training.inputs, labels: training.labels.map((label) => (stream.float() < 0.25 ? (label + 1 + stream.int(3)) % 4 : label)) }, validation });
    },
    sound: () => classifier({ data: training, validation }),
    read: { training: (measured) => pick(measured, 'out', 'share'), validation: (measured) => pick(measured, 'out', 'controlShare') },
    threshold: 0.1,
  }),
];

const broken = training.inputs.map((row, i) => row.map((x, j) => (j === 2 && i % 8 === 5 ? NaN : x)));
const notFinite = (rows: readonly (readonly number[])[], feature: number): number => rows.filter((row) => !Number.isFinite(row[feature])).length / rows.length;
const column = (rows: readonly (readonly number[])[], at: number): number[] => rows.map((row) => row[at] ?? 0);
const deviation = (values: readonly number[]): number => {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  return Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length);
};

const meanOf = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
const correlation = (a: readonly number[], b: readonly number[]): number => {
  const [one, two] = [meanOf(a), meanOf(b)];
  return meanOf(a.map((each, i) => (each - one) * ((b[i] ?? 0) - two))) / (deviation(a) * deviation(b));
};

/** Distances from the median, in deviations of the middle half: the largest last. */
function outness(values: readonly number[]): Series {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  const y = values.map((each) => Math.max(0.01, (Math.abs(each - at(0.5)) * 1.349) / (at(0.75) - at(0.25)))).toSorted((a, b) => a - b);
  return { x: y.map((_, i) => i + 1), y };
}

/** Distance of the distributions of two samples, at every place. */
function distances(a: readonly number[], b: readonly number[]): Series {
  const share = (values: readonly number[], at: number): number => values.filter((each) => each <= at).length / values.length;
  const x = range(81).map((i) => (i - 40) / 10);
  return { x, y: x.map((at) => Math.abs(share(a, at) - share(b, at))) };
}

const inputs: readonly RulePlot[] = [
  compared({
    rule: 'inputs-all-same',
    alt: 'Two bars: the number of different inputs among 400 training samples. It is 1 in the faulty set-up and 400 in the sound one.',
    check: 'input-features',
    title: 'Different inputs among 400 samples',
    yTitle: 'different inputs',
    faulty: () => classifier({ data: { inputs: training.inputs.map(() => training.inputs[0] ?? []), labels: training.labels } }),
    sound: () => classifier({ data: training }),
    read: { 'training samples': (measured) => pick(measured, 'distinct') },
    logY: true,
  }),
  {
    rule: 'inputs-not-finite',
    alt: 'Bars of the share of samples that hold NaN, feature by feature: an eighth in feature 2 of the faulty set-up, and none anywhere else.',
    spec: () => Promise.resolve(bars({ title: 'Samples that hold NaN or an infinity', yTitle: 'share of samples', groups: range(4).map((j) => ({ name: `feature ${String(j)}`, faulty: notFinite(broken, j), healthy: notFinite(training.inputs, j) })) })),
  },
  {
    rule: 'outliers',
    alt: 'Two curves of how far the values of a feature lie from its median, the largest last, on a logarithmic axis. The sound one ends at about 3 deviations; in the faulty one four values of 999999 jump to a million, far beyond the line at 20.',
    spec: () => {
      const sound = normals(200, 'outliers');
      const faulty = sound.map((x, i) => (i % 50 === 7 ? 999_999 : x));
      return Promise.resolve(curves({ title: 'How far values lie from the median', xTitle: 'values of one feature, by their distance', yTitle: 'deviations of the bulk', faulty: outness(faulty), healthy: outness(sound), logY: true, threshold: 20 }));
    },
  },
  {
    rule: 'constant-features',
    alt: 'Bars of the standard deviation of four features: about 1 in all of the sound set-up; in the faulty one 0 in feature 2.',
    spec: () => {
      const rows = table(200, 4, 'constant');
      const faulty = rows.map((row) => row.map((x, j) => (j === 2 ? 1 : x)));
      return Promise.resolve(bars({ title: 'How much features vary', yTitle: 'standard deviation', groups: range(4).map((j) => ({ name: `feature ${String(j)}`, faulty: deviation(column(faulty, j)), healthy: deviation(column(rows, j)) })) }));
    },
  },
  {
    rule: 'duplicate-features',
    alt: 'Bars of the correlation of feature 0 with three others: near 0 for all in the sound set-up; in the faulty one exactly 1 with feature 2, which is the same number in another unit, on the line at 1.',
    spec: () => {
      const rows = table(200, 4, 'copies');
      const faulty = rows.map((row) => row.map((x, j) => (j === 2 ? 2.54 * (row[0] ?? 0) : x)));
      return Promise.resolve(bars({ title: 'Correlation with feature 0', yTitle: 'size of the correlation', threshold: 1, groups: [1, 2, 3].map((j) => ({ name: `feature ${String(j)}`, faulty: Math.abs(correlation(column(faulty, 0), column(faulty, j))), healthy: Math.abs(correlation(column(rows, 0), column(rows, j))) })) }));
    },
  },
  {
    rule: 'correlated-features',
    alt: 'Bars of the correlation of feature 0 with three others: near 0 for all in the sound set-up; in the faulty one 0.999 with feature 2, above the line at 0.99.',
    spec: () => {
      const rows = table(200, 4, 'correlated');
      const faulty = rows.map((row) => row.map((x, j) => (j === 2 ? (row[0] ?? 0) + 0.05 * x : x)));
      return Promise.resolve(bars({ title: 'Correlation with feature 0', yTitle: 'size of the correlation', threshold: 0.99, groups: [1, 2, 3].map((j) => ({ name: `feature ${String(j)}`, faulty: Math.abs(correlation(column(faulty, 0), column(faulty, j))), healthy: Math.abs(correlation(column(rows, 0), column(rows, j))) })) }));
    },
  },
  {
    rule: 'categories-as-numbers',
    alt: 'Histogram of a feature: the one that is spoken of has the whole numbers 0 to 7 and nothing between them; the sound one is a hump of numbers of all kinds.',
    spec: () => {
      const stream = random('categories');
      return Promise.resolve(histogram({ title: 'Values of one feature', xTitle: 'value', faulty: range(400).map(() => stream.int(8)), healthy: normals(400, 'hump').map((x) => 3.5 + 1.2 * x), bins: 50 }));
    },
  },
  compared({
    rule: 'features-scales-differ',
    alt: 'Two bars on a logarithmic axis: the scale of the largest feature beside that of a quarter of the features. It is tens of thousands in the faulty set-up, above the line at 100, and about 2 in the sound one.',
    check: 'input-scale',
    title: 'Scale of the largest feature beside the usual one',
    yTitle: 'ratio',
    faulty: () => classifier({ data: { inputs: training.inputs.map((row) => row.map((x, j) => (j === 3 ? 50_000 * x : x))), labels: training.labels } }),
    sound: () => classifier({ data: training }),
    read: { ratio: (measured) => pick(measured, `${nameIn(measured)}/ratio`) },
    threshold: 100,
    logY: true,
  }),
  {
    rule: 'inputs-not-scaled',
    alt: 'Histogram of the values of an input: the faulty one is a wide hump around 60; the sound one, standardised, is a narrow hump around 0.',
    spec: () => Promise.resolve(histogram({ title: 'Values that reach the first layer', xTitle: 'value', faulty: normals(2000, 'raw').map((x) => 60 + 15 * x), healthy: normals(2000, 'scaled'), bins: 60 })),
  },
  {
    rule: 'distribution-shift',
    alt: 'Two curves of the distance of the distributions of a feature in training and in validation, over the value. The faulty one reaches 0.48, above the line at 0.3; the sound one stays near 0.',
    spec: () => {
      const own = normals(400, 'own');
      const faulty = distances(own, normals(400, 'theirs').map((x) => 1.3 + x));
      return Promise.resolve(curves({ title: 'A feature of validation beside the same one of training', xTitle: 'value of the feature', yTitle: 'distance of distributions', faulty, healthy: distances(own, normals(400, 'theirs')), threshold: 0.3 }));
    },
  },
  compared({
    rule: 'validation-scaled-differently',
    alt: 'Two bars on a logarithmic axis: how many times as large validation inputs are as those of training. It is about 255 in the faulty set-up, above the line at 3, and about 1 in the sound one.',
    check: 'same-distribution',
    title: 'Size of validation inputs beside that of training inputs',
    yTitle: 'ratio',
    faulty: () => classifier({ data: training, validation: { inputs: validation.inputs.map((row) => row.map((x) => 255 * x)), labels: validation.labels } }),
    sound: () => classifier({ data: training, validation }),
    read: { factor: (measured) => pick(measured, nameIn(measured), 'factor') },
    threshold: 3,
    logY: true,
  }),
];

/** The input's name in what was measured. */
function nameIn(measured: Measured): string {
  const name = Object.keys(measured).find((key) => !key.includes('/') && dig(measured, key) !== null && typeof dig(measured, key) === 'object');
  if (name === undefined) throw new Error(JSON.stringify(measured));
  return name;
}

/** Gradients by the logit of a wrong class, of which the model is more and more sure. */
async function fading(loss: (labels: tf.Tensor2D, probabilities: tf.Tensor2D) => tf.Scalar): Promise<Series> {
  const x = range(33).map((i) => i / 4);
  const labels = tf.tensor2d([[1, 0, 0]]);
  const gradient = tf.grad((logits) => loss(labels, tf.softmax(logits) as tf.Tensor2D));
  const y = await Promise.all(x.map(async (wrong) => Math.max(1e-5, (await tf.max(tf.abs(gradient(tf.tensor2d([[0, wrong, 0]])))).data())[0] ?? NaN)));
  return { x, y };
}

/** Accuracies that a model which is right in 80% shows on so many samples. */
const shown = (samples: number): number[] => {
  const stream = random('accuracy');
  return range(2000).map(() => range(samples).filter(() => stream.float() < 0.8).length / samples);
};

const labels: readonly RulePlot[] = [
  {
    rule: 'binary-loss-on-classes',
    alt: 'Two curves over the number of classes, of a model that guesses: accuracy counted class by class rises from 0.5 to 0.9, while the share of samples that it has right falls from 0.5 to 0.05.',
    spec: () => {
      const stream = random('guess');
      const classes = range(19).map((i) => i + 2);
      const guesses = classes.map((count) => range(4000).map(() => Number(stream.int(count) === stream.int(count))));
      const right = guesses.map((each) => each.reduce((sum, one) => sum + one, 0) / each.length);
      // A wrong guess is wrong in two of the classes, the said and the true one.
      const faulty = right.map((share, i) => 1 - (2 * (1 - share)) / (classes[i] ?? 2));
      return Promise.resolve(curves({ title: 'Accuracy of guessing: class by class (faulty), by sample (sound)', xTitle: 'classes', yTitle: 'accuracy', faulty: { x: classes, y: faulty }, healthy: { x: classes, y: right } }));
    },
  },
  compared({
    rule: 'class-imbalance',
    alt: 'Bars of the samples of two classes: 380 and 20 in the faulty set-up, about 200 each in the sound one.',
    check: 'label-values',
    title: 'Samples of each class',
    yTitle: 'samples',
    faulty: () => classifier({ data: { inputs: training.inputs, labels: range(400).map((i) => Number(i % 20 === 0)) } }, 2),
    sound: () => classifier({ data: clusters(400, 2) }, 2),
    read: countOf(2),
  }),
  {
    rule: 'classes-as-numbers',
    alt: 'Histogram of labels under a loss for numbers: the faulty ones are the whole numbers 0 to 4 and nothing between them; the sound ones are a hump of numbers of all kinds.',
    spec: () => {
      const stream = random('grades');
      return Promise.resolve(histogram({ title: 'Labels under meanSquaredError', xTitle: 'label', faulty: range(400).map(() => stream.int(5)), healthy: normals(400, 'labels').map((x) => 2 + 0.9 * x) }));
    },
  },
  compared({
    rule: 'classes-without-samples',
    alt: 'Bars of the samples of five classes: in the faulty set-up, whose labels begin at 1, class 0 has none; in the sound one all have some.',
    check: 'label-values',
    title: 'Samples of each class',
    yTitle: 'samples',
    faulty: () => classifier({ model: () => net(6, 5, 'softmax'), data: { inputs: training.inputs, labels: training.labels.map((label) => label + 1) } }, 5),
    sound: () => classifier({ data: clusters(400, 5) }, 5),
    read: countOf(5),
  }),
  {
    rule: 'labels-constant',
    alt: 'Histogram of labels: all faulty ones are 0; the sound ones are a wide hump.',
    spec: () => Promise.resolve(histogram({ title: 'Labels', xTitle: 'label', faulty: targets.map(() => 0), healthy: targets.flat() })),
  },
  {
    rule: 'labels-not-distributions',
    alt: 'Histogram of the sums of label rows: the sound ones are all 1; the faulty ones, with several labels a sample, lie at 0, 1, 2 and 3.',
    spec: () => {
      const several = numbersIn.map((row) => row.slice(0, 3).reduce((sum, x) => sum + Number(x > 0), 0));
      const single = oneHot(training.labels, 4).map((row) => row.reduce((sum, x) => sum + x, 0));
      return Promise.resolve(histogram({ title: 'Sums of label rows', xTitle: 'sum', faulty: several, healthy: single, bins: 31 }));
    },
  },
  {
    rule: 'loss-for-regression-on-classes',
    alt: 'Two curves of the size of the gradient, on a logarithmic axis, over how sure the model is of a wrong class. Cross-entropy stays near 1; the squared error falls to a thousandth.',
    spec: async () => curves({
      title: 'Gradient of meanSquaredError (faulty) and cross-entropy (sound)',
      xTitle: 'logit of the wrong class above the right one',
      yTitle: 'largest gradient by a logit',
      faulty: await fading((y, p) => tf.losses.meanSquaredError(y, p)),
      healthy: await fading((y, p) => tf.neg(tf.sum(tf.mul(y, tf.log(p))))),
      logY: true,
    }),
  },
  {
    rule: 'label-in-inputs',
    alt: 'Two curves of a feature over the label: a straight line in the faulty set-up, where it is the label in another unit; one that jumps up and down around it in the sound one.',
    spec: () => {
      const labels = normals(150, 'label');
      const order = labels.map((_, i) => i).toSorted((a, b) => (labels[a] ?? 0) - (labels[b] ?? 0));
      const x = order.map((i) => labels[i] ?? 0);
      const noise = normals(150, 'beside');
      return Promise.resolve(curves({ title: 'A feature beside the label', xTitle: 'label', yTitle: 'feature', faulty: { x, y: x.map((y) => 0.5 * y) }, healthy: { x, y: x.map((y, i) => 0.5 * y + 0.3 * (noise[i] ?? 0)) } }));
    },
  },
  compared({
    rule: 'labels-do-not-suit-loss',
    alt: 'Two bars: the share of the gradient that labels near zero have. It is 1 in the faulty set-up, where half of the labels are zeros, above the line at 0.9, and 0 in the sound one.',
    check: 'label-values',
    title: 'Share of the gradient that labels near zero have',
    yTitle: 'share',
    faulty: () => regression({ loss: 'meanAbsolutePercentageError', data: { inputs: numbersIn, labels: targets.map(([y = 0]) => [Math.max(0, y)]) } }),
    sound: () => regression({ loss: 'meanAbsolutePercentageError', data: { inputs: numbersIn, labels: targets.map(([y = 0]) => [Math.exp(y)]) } }),
    read: { share: (measured) => pick(measured, 'out/nearZero', 'weight') },
    threshold: 0.9,
  }),
  compared({
    rule: 'missing-class',
    alt: 'Bars of the training samples of four classes: in the faulty split class 3, which validation has, has none; in the sound one each has about 100.',
    check: 'label-values',
    title: 'Training samples of each class that validation has',
    yTitle: 'training samples',
    faulty: () => classifier({ data: only([0, 1, 2]), validation }),
    sound: () => classifier({ data: training, validation }),
    read: countOf(4),
  }),
  compared({
    rule: 'one-class',
    alt: 'Bars of the samples of four classes: in the faulty set-up all 400 are of class 0; in the sound one each has about 100.',
    check: 'label-values',
    title: 'Samples of each class',
    yTitle: 'samples',
    faulty: () => classifier({ data: { inputs: training.inputs, labels: training.labels.map(() => 0) } }),
    sound: () => classifier({ data: training }),
    read: countOf(4),
  }),
  {
    rule: 'too-few-samples',
    alt: 'Histogram of the accuracy that a model which is right in 80% shows in validation: on 6 samples, a fifth of 30, anything from 0.3 to 1; on 200 samples a narrow hump around 0.8.',
    spec: () => Promise.resolve(histogram({ title: 'Accuracy shown by a model that is right in 80%', xTitle: 'accuracy on 6 samples (faulty) and on 200 (sound)', faulty: shown(6), healthy: shown(200) })),
  },
];

export const dataPlots: readonly RulePlot[] = [...duplicates, ...order, ...inputs, ...labels];
