import { describe, expect, it } from 'vitest';
import { RandomStreams } from '../../src/random/index.js';
import { TrainscopeError, type ErrorCode } from '../../src/errors.js';

const codeOf = (action: () => unknown): ErrorCode | undefined => {
  try {
    action();
  } catch (error) {
    return error instanceof TrainscopeError ? error.code : undefined;
  }
  return undefined;
};

// The expected numbers come from a separate program: Python's hashlib for SHA-256 of [seed,name] as JSON, and
// xoroshiro128+ (Blackman and Vigna, constants 24, 16, 37) on 64-bit integers, of which the low 32 bits are taken.
// A run that is resumed by a later version must draw the same numbers, so they are never to be changed.
describe('the numbers of a seed and a name', () => {
  it('a stream starts from the first 16 bytes of SHA-256 of its seed and name', () => {
    expect(new RandomStreams(7).derive('data').state()).toEqual({
      generator: 'xoroshiro128plus',
      words: [1185761630, -1540487407, 1970259969, 836692252],
    });
  });

  it('floats have 53 bits', () => {
    const stream = new RandomStreams(7).derive('data');
    expect([stream.float(), stream.float(), stream.float()]).toEqual([0.5126349535671355, 0.8288090006243939, 0.5208631226688152]);
  });

  it('integers stay under their bound', () => {
    const stream = new RandomStreams(7).derive('dice');
    expect(Array.from({ length: 12 }, () => stream.int(6))).toEqual([4, 5, 0, 1, 2, 4, 3, 1, 1, 5, 4, 4]);
  });

  it('a permutation is that of Fisher and Yates from the end', () => {
    const streams = new RandomStreams(7);
    expect([...streams.derive('data/epoch/0').permutation(10)]).toEqual([0, 8, 9, 3, 7, 5, 2, 6, 4, 1]);
    expect([...streams.derive('data/epoch/1').permutation(10)]).toEqual([9, 7, 2, 4, 8, 0, 3, 5, 6, 1]);
  });

  it('a normal number is that of Box and Muller, and a negative seed is one like any other', () => {
    expect(new RandomStreams(-3).derive('n').normal()).toBeCloseTo(0.2553089676504112, 15);
  });

  it('seed 0 is a seed like any other', () => {
    expect(new RandomStreams(0).seedFor('dropout/step/12/layer/0')).toBe(505416498);
  });
});

describe('names', () => {
  it('what is drawn under one name does not move another', () => {
    const alone = new RandomStreams(1).stream('b').float();
    const streams = new RandomStreams(1);
    for (let draw = 0; draw < 5; draw++) streams.stream('a').float();
    expect(streams.stream('b').float()).toBe(alone);
  });

  it('a held stream goes on from call to call, a derived one starts anew', () => {
    const streams = new RandomStreams(7);
    expect([streams.stream('data').float(), streams.stream('data').float()]).toEqual([0.5126349535671355, 0.8288090006243939]);
    expect([streams.derive('data').float(), streams.derive('data').float()]).toEqual([0.5126349535671355, 0.5126349535671355]);
  });

  it('seed 1 with name "2" and seed 12 with no name are two streams', () => {
    expect(new RandomStreams(1).derive('2').state()).not.toEqual(new RandomStreams(12).derive('').state());
  });

  it('-0 is 0', () => {
    expect(new RandomStreams(-0).derive('x').state()).toEqual(new RandomStreams(0).derive('x').state());
  });
});

describe('distributions', () => {
  it('10,000 floats lie in [0, 1) with the mean and variance of the uniform distribution', () => {
    const stream = new RandomStreams(3).derive('uniform');
    const drawn = Array.from({ length: 10_000 }, () => stream.float());
    const mean = drawn.reduce((sum, each) => sum + each, 0) / drawn.length;
    const variance = drawn.reduce((sum, each) => sum + (each - mean) ** 2, 0) / drawn.length;
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
    // Four standard errors: sqrt(1/12/10000) = 0.0029 for the mean, sqrt(1/180/10000) = 0.00075 for the variance.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.0116);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.003);
  });

  it('10,000 normal numbers have mean 0, variance 1 and 4.6 % beyond 2', () => {
    const stream = new RandomStreams(3).derive('normal');
    const drawn = Array.from({ length: 10_000 }, () => stream.normal());
    const mean = drawn.reduce((sum, each) => sum + each, 0) / drawn.length;
    const variance = drawn.reduce((sum, each) => sum + each * each, 0) / drawn.length;
    const beyond = drawn.filter((each) => Math.abs(each) > 2).length / drawn.length;
    expect(Math.abs(mean)).toBeLessThan(0.04); // 4 / sqrt(10000)
    expect(Math.abs(variance - 1)).toBeLessThan(0.0566); // 4 sqrt(2 / 10000)
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.0084); // 4 sqrt(0.0455 x 0.9545 / 10000)
  });

  it('the six orders of three things come equally often', () => {
    const stream = new RandomStreams(3).derive('orders');
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 6000; draw++) {
      const order = stream.permutation(3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
    // 1000 expected, standard deviation sqrt(6000 x 1/6 x 5/6) = 28.9; four of them.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(116);
  });

  it('nothing has one order, and so has one thing', () => {
    const stream = new RandomStreams(3).derive('small');
    expect([...stream.permutation(0)]).toEqual([]);
    expect([...stream.permutation(1)]).toEqual([0]);
  });

  it('1,000 seeds for TensorFlow.js are integers from 1 to 2^31 - 1 and all differ', () => {
    const streams = new RandomStreams(0);
    const seeds = Array.from({ length: 1000 }, (_, step) => streams.seedFor(`dropout/step/${step}`));
    expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 1 && seed <= 2_147_483_647)).toBe(true);
    expect(new Set(seeds).size).toBe(1000);
  });
});

describe('state', () => {
  it('a stream that is restored from JSON goes on as if it had never stopped', () => {
    const stream = new RandomStreams(7).derive('data');
    stream.float();
    const saved = JSON.stringify(stream.state());
    stream.float();
    stream.restore(JSON.parse(saved) as ReturnType<typeof stream.state>);
    expect(stream.float()).toBe(0.8288090006243939);
  });

  it('all streams of a run are restored, those in hand as well as those not yet asked for', () => {
    const first = new RandomStreams(7);
    first.stream('data').float();
    first.stream('dice').int(6);
    const saved = JSON.parse(JSON.stringify(first.state())) as ReturnType<typeof first.state>;
    const second = new RandomStreams(7);
    const held = second.stream('data');
    held.float();
    held.float();
    second.restore(saved);
    expect(held.float()).toBe(0.8288090006243939);
    expect(second.stream('dice').int(6)).toBe(5);
  });

  it('a held stream that the state does not know goes back to its beginning', () => {
    const streams = new RandomStreams(7);
    const stream = streams.stream('data');
    stream.float();
    streams.restore({ seed: 7, streams: {} });
    expect(stream.float()).toBe(0.5126349535671355);
  });

  it('the state of another seed is refused and changes nothing', () => {
    const streams = new RandomStreams(7);
    expect(codeOf(() => streams.restore({ seed: 8, streams: {} }))).toBe('RANDOM_STATE');
    expect(streams.stream('data').float()).toBe(0.5126349535671355);
  });

  it.each([
    ['another generator', { generator: 'mersenne', words: [1, 2, 3, 4] }],
    ['too few words', { generator: 'xoroshiro128plus', words: [1, 2, 3] }],
    ['a fraction', { generator: 'xoroshiro128plus', words: [1, 2, 3, 0.5] }],
    ['all zeros', { generator: 'xoroshiro128plus', words: [0, 0, 0, 0] }],
  ])('a state with %s is refused', (_, state) => {
    const stream = new RandomStreams(7).derive('data');
    expect(codeOf(() => stream.restore(state as ReturnType<typeof stream.state>))).toBe('RANDOM_STATE');
  });

  it.each([1.5, NaN, Infinity, 2 ** 53])('%s is no seed', (seed) => {
    expect(codeOf(() => new RandomStreams(seed))).toBe('OPTIONS_INVALID');
  });

  it.each([0, -1, 2.5, NaN])('%s is no bound', (bound) => {
    expect(codeOf(() => new RandomStreams(7).derive('data').int(bound))).toBe('RANDOM_ARGUMENT');
  });
});
