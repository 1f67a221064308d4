import * as crypto from 'node:crypto';
import { ConfigError, TrainscopeError } from '../errors.js';
import { RandomStream, type RandomState } from './stream.js';

/** In one call where Node has it (from 20.12 on), which takes half of the time: a seeded run asks at each step. */
const sha256 = (text: string): Buffer => (typeof oneShot === 'function' ? oneShot('sha256', text, 'buffer') : crypto.createHash('sha256').update(text).digest());
const oneShot = (crypto as { readonly hash?: (algorithm: string, data: string, encoding: 'buffer') => Buffer }).hash;

/** The seed and where every stream stands that was asked for by `stream(name)`, as plain JSON. */
export interface RandomStreamsState {
  readonly seed: number;
  readonly streams: Readonly<Record<string, RandomState>>;
}

/**
 * All the randomness of a run, out of one integer seed. A name stands for a stream of its own: what is drawn from one,
 * or whether others are there at all, changes nothing in another. So a run resumes, and a plugin comes and goes, without
 * a change in the order of the data.
 *
 * ```ts
 * const streams = new RandomStreams(7);
 * streams.stream('augmentation').float();          // goes on from call to call; saved by state()
 * streams.derive('data/epoch/3').permutation(100); // starts anew at every call: the name is all that it depends on
 * streams.seedFor('dropout/step/12/layer/0');      // for the seed of an op of TensorFlow.js
 * ```
 */
export class RandomStreams {
  readonly seed: number;
  readonly #held = new Map<string, RandomStream>();

  /** `seed` is any safe integer; 0 is a seed like any other. Throws OPTIONS_INVALID. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new ConfigError('OPTIONS_INVALID', { found: `seed is ${seed}`, expected: 'it takes an integer, 0 among them' });
    }
    // -0 is 0: as text they would differ.
    this.seed = seed === 0 ? 0 : seed;
  }

  /** The stream of that name, the same object at every call: who asks again goes on where the last one stopped. */
  stream(name: string): RandomStream {
    const held = this.#held.get(name) ?? this.derive(name);
    this.#held.set(name, held);
    return held;
  }

  /** A stream of that name from its beginning, shared with nobody. For what a place in the run decides: name the place. */
  derive(name: string): RandomStream {
    // SHA-256 makes unrelated states out of names and seeds that are alike; JSON keeps (1, "2") and (12, "") apart.
    const digest = sha256(JSON.stringify([this.seed, name]));
    return new RandomStream({ generator: 'xoroshiro128plus', words: [0, 4, 8, 12].map((at) => digest.readInt32LE(at)) });
  }

  /** The first seed of `derive(name)`, from 1 to 2^31 - 1: fit for ops of TensorFlow.js, to several of which 0 means unseeded. */
  seedFor(name: string): number {
    return this.derive(name).seed();
  }

  /** The seed and the held streams' states. What `derive` gave is not in it: it follows from the seed. */
  state(): RandomStreamsState {
    return { seed: this.seed, streams: Object.fromEntries([...this.#held].map(([name, stream]) => [name, stream.state()])) };
  }

  /**
   * Puts every stream of the state where it was, and every other at its beginning. Throws RANDOM_STATE where the state
   * is of another seed or damaged; nothing is changed then.
   */
  restore(state: RandomStreamsState): void {
    if (state.seed !== this.seed) {
      throw new TrainscopeError('RANDOM_STATE', {
        found: `The saved random state is of seed ${JSON.stringify(state.seed)}`,
        expected: `this run's seed is ${this.seed}`,
        remedy: `Resume with seed ${JSON.stringify(state.seed)}, or start a new run.`,
      });
    }
    const saved = new Map(Object.entries(state.streams).map(([name, each]) => [name, new RandomStream(each)]));
    for (const [name, stream] of this.#held) {
      stream.restore((saved.get(name) ?? this.derive(name)).state());
      saved.delete(name);
    }
    for (const [name, stream] of saved) this.#held.set(name, stream);
  }
}
