import { defineLoader } from 'trainscope/loader';
import { loadDigits } from '../mnist/data.js';

export interface DigitsOptions {
  readonly part: 'train' | 'test';
  readonly count: number;
  /** What a digit is turned at most, in radians, and moved, in pixels. */
  readonly turn: number;
  readonly shift: number;
}

const edge = 28;
const middle = (edge - 1) / 2;

/** Runs in each thread: reads the file once, and turns and moves a digit whenever it is asked for. */
export default defineLoader(({ part, count, turn, shift }: DigitsOptions) => {
  const { inputs, labels } = loadDigits(part, [edge * edge], 0, count);
  return {
    count: labels.length,
    sample(index, { random }) {
      const image = inputs.values.subarray(index * edge * edge, (index + 1) * edge * edge);
      const between = (most: number): number => (2 * random.float() - 1) * most;
      return { inputs: moved(image, between(turn), between(shift), between(shift)), labels: labels[index] ?? 0 };
    },
  };
});

/** Turned about its middle and moved, by bilinear interpolation: [784]. */
function moved(image: Float32Array, angle: number, dx: number, dy: number): Float32Array {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x >= edge || y >= edge ? 0 : (image[y * edge + x] ?? 0));
  return Float32Array.from(image, (_, i) => {
    const [x, y] = [(i % edge) - middle, Math.floor(i / edge) - middle];
    const [fromX, fromY] = [cosine * x - sine * y + middle + dx, sine * x + cosine * y + middle + dy];
    const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
    const [right, below] = [fromX - left, fromY - top];
    return (1 - below) * ((1 - right) * at(left, top) + right * at(left + 1, top)) + below * ((1 - right) * at(left, top + 1) + right * at(left + 1, top + 1));
  });
}
