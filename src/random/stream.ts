import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { TrainscopeError } from '../errors.js';

/** Where a stream stands, as plain JSON: the generator's name and its state as 32-bit integers. */
export interface RandomState {
  readonly generator: 'xoroshiro128plus';
  readonly words: readonly number[];
}

/** xoroshiro128+ holds 128 bits. */
const WORDS = 4;
/** The largest signed 32-bit integer: TensorFlow.js ops take any positive seed up to it unchanged. */
const LARGEST_SEED = 0x7fff_ffff;

/** A sequence of random numbers that its state alone decides: equal states give equal numbers, on every machine. */
export class RandomStream {
  #generator: RandomGenerator;
  #later: (() => RandomState) | undefined;

  /** Throws RANDOM_STATE where the state is not one that `state()` gave. */
  constructor(state: RandomState) {
    this.#generator = generatorFrom(state);
  }

  /** A number in [0, 1), a multiple of 2^-53: all the bits that a double has there. */
  float(): number {
    return uniformFloat64(this.#now());
  }

  /** An integer in [0, bound), each equally likely. `bound` is an integer of at least 1, else RANDOM_ARGUMENT is thrown. */
  int(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1) {
      throw new TrainscopeError('RANDOM_ARGUMENT', { found: `The bound of a random integer is ${bound}`, expected: 'it takes an integer of at least 1' });
    }
    return uniformInt(this.#now(), 0, bound - 1);
  }

  /**
   * A number of the standard normal distribution (mean 0, standard deviation 1) by the Box-Muller transform. The second
   * number that the transform could give is left, so that the generator's words are the whole state.
   */
  normal(): number {
    // 1 - float() lies in (0, 1], where the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    return radius * Math.cos(2 * Math.PI * this.float());
  }

  /** The integers 0 to n - 1 in random order, each order equally likely (Fisher-Yates, as Durstenfeld wrote it in 1964). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, index) => index);
    for (let end = n - 1; end > 0; end--) {
      const chosen = uniformInt(this.#now(), 0, end);
      const value = order[chosen] ?? 0;
      order[chosen] = order[end] ?? 0;
      order[end] = value;
    }
    return order;
  }

  /** A seed for an op of TensorFlow.js, from 1 to 2^31 - 1: several of them take 0 as "not seeded". */
  seed(): number {
    return uniformInt(this.#now(), 1, LARGEST_SEED);
  }

  /** Where the stream stands. */
  state(): RandomState {
    return { generator: 'xoroshiro128plus', words: [...this.#now().getState()] };
  }

  /** Puts the stream where `state()` was taken. Throws RANDOM_STATE where the state is another's or damaged. */
  restore(state: RandomState): void {
    this.#generator = generatorFrom(state);
    this.#later = undefined;
  }

  /** The same, when a number or the state is asked for next: a place of the run that draws nothing pays nothing for its state. */
  restoreLater(state: () => RandomState): void {
    this.#later = state;
  }

  #now(): RandomGenerator {
    const later = this.#later;
    if (later !== undefined) this.restore(later());
    return this.#generator;
  }
}

function generatorFrom(state: RandomState): RandomGenerator {
  // A state comes out of a file: its type is a claim.
  const { generator, words } = state as { generator: unknown; words: unknown };
  const sound =
    generator === 'xoroshiro128plus' &&
    Array.isArray(words) &&
    words.length === WORDS &&
    words.every((word) => Number.isInteger(word)) &&
    // From all zeros the generator gives zeros for ever.
    words.some((word) => word !== 0);
  if (!sound) {
    throw new TrainscopeError('RANDOM_STATE', {
      found: `The state of a random stream is ${JSON.stringify(state)}`,
      expected: `it takes { generator: "xoroshiro128plus", words: [${WORDS} integers, not all 0] }`,
      remedy: 'Restore a state that state() gave.',
    });
  }
  return xoroshiro128plusFromState(words as number[]);
}
