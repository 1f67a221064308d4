import { digits, finding, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import { layerNodes } from './graph.js';
import { rms } from './predictions.js';

/** Sizes of kernels beside what He's, Glorot's and LeCun's initialisers make for their shapes, and of biases. */
export const initialWeights: Check = {
  name: 'initial-weights',
  stage: 'model',
  summary: 'Whether kernels begin at a size that keeps signals as large as they are.',
  run: async (lab) => {
    const nodes = new Map(layerNodes(lab.model).map((node) => [node.name, node]));
    const isNormalised = (layer: string | undefined): boolean => (nodes.get(layer ?? '')?.after ?? []).some((name) => /Normalization/.test(nodes.get(name)?.className ?? ''));
    const sizes: { weight: string; layer: string | null; size: number; expected: number; ratio: number; isNormalised: boolean; isRecurrent: boolean }[] = [];
    const biases: { weight: string; layer: string | null; size: number }[] = [];
    for (const { info, variable } of lab.model.weights()) {
      if (!info.trainable) continue;
      const layer = info.layer ?? null;
      if (info.role === 'bias' && info.size > 0) biases.push({ weight: info.name, layer, size: rms(await variable.data<'float32'>()) });
      const last = info.name.split('/').at(-1) ?? '';
      // A table of embeddings is looked up, not multiplied; a depthwise kernel has a fan of its window alone.
      if (info.role !== 'kernel' || info.shape.length < 2 || info.size < 8 || last.startsWith('embeddings')) continue;
      const values = await variable.data<'float32'>();
      const size = rms(values);
      const units = info.shape.at(-1) ?? 1;
      const fanIn = last.startsWith('depthwise') ? info.size / units / (info.shape.at(-2) ?? 1) : info.size / units;
      const receptive = info.shape.slice(0, -2).reduce((product, each) => product * each, 1);
      const glorot = Math.sqrt(2 / (fanIn + units * receptive));
      const he = Math.sqrt(2 / fanIn);
      const [least, most] = [Math.min(glorot, he / Math.SQRT2), he];
      // What comes back to itself at each step is multiplied by about size * sqrt(units) each time (Ginibre 1965): 1 for an
      // orthogonal kernel, sqrt(2) for He's. The others are judged by He's and LeCun's sizes.
      const isRecurrent = last.startsWith('recurrent');
      const ratio = isRecurrent ? Math.max(1, size * Math.sqrt(fanIn)) : size > most ? size / most : size < least ? size / least : 1;
      sizes.push({ weight: info.name, layer, size, expected: isRecurrent ? 1 / Math.sqrt(fanIn) : most, ratio, isNormalised: isNormalised(info.layer), isRecurrent });
    }
    const measured = { kernels: sizes, biases };
    // Zeros are of symmetric-weights, or a last layer that begins silent.
    // 4 a step is 1000 in five steps, where each step but the first adds to the power.
    const off = sizes.filter(({ ratio, size, isRecurrent }) => size > 0 && (ratio > (isRecurrent ? 4 : 10) || (ratio < 0.1 && !isRecurrent)));
    const findings: Finding[] = [];
    const worst = off.toSorted((a, b) => Math.abs(Math.log(b.ratio)) - Math.abs(Math.log(a.ratio)))[0];
    if (worst !== undefined) {
      // Ten times too large squares to 100 in the second layer. Too small is made up for by Adam unless it is 1% of what
      // is expected; what normalises does so at once.
      const isHarmful = off.some(({ ratio, isNormalised: normalised, isRecurrent }) => isRecurrent || (!normalised && (ratio > 10 || ratio < 0.01)));
      findings.push(
        finding({
          rule: 'initializer-scale',
          severity: isHarmful ? 'warning' : 'info',
          where: { ...(worst.layer === null ? {} : { layer: worst.layer }), weight: worst.weight },
          message: `the kernel "${worst.weight}" begins with numbers of a size of ${digits(worst.size)}, ${worst.ratio > 1 ? `${digits(worst.ratio)} times` : `${digits(1 / worst.ratio)} times less than`} what ${worst.isRecurrent ? 'an orthogonal one has' : "He's initialiser makes"} for its shape (${digits(worst.expected)})${worst.isRecurrent ? ', and is multiplied with at every step' : ''}${off.length > 1 ? `, and ${String(off.length - 1)} more are off` : ''}`,
          evidence: { kernels: off },
          remedy: worst.isRecurrent ? 'Leave recurrentInitializer at its default, orthogonal.' : 'Use heNormal before ReLU, glorotUniform before tanh, sigmoid and outputs; or scale the standard deviation by 1 / sqrt(inputs of a unit).',
        }),
      );
    }
    return { findings, measured };
  },
};
