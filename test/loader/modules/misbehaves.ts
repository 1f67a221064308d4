import { defineLoader, type LoadedSample, type Loader } from 'trainscope/loader';

const sound = (): LoadedSample => ({ inputs: Float32Array.of(1), labels: [0] });
/** Sample 5 goes wrong, which is the second of batch 2 where two are a batch. */
const at5 = (wrong: () => LoadedSample | Promise<LoadedSample>): Loader => ({ count: 8, sample: (index) => (index === 5 ? wrong() : sound()) });
const forever = (): Promise<never> => new Promise(() => undefined);

/** Every way to go wrong, by its name. */
const ways = {
  sound: () => at5(sound),
  'factory throws': () => {
    throw new RangeError('no such folder');
  },
  'factory rejects': () => Promise.reject(new RangeError('no such folder')),
  'factory never settles': forever,
  'factory exits': () => process.exit(4),
  'no count': () => ({ sample: sound }) as unknown as Loader,
  'no way to make a batch': () => ({ count: 3 }) as unknown as Loader,
  'both ways': () => ({ count: 3, sample: sound, batch: () => ({ inputs: [[1]] }) }) as unknown as Loader,
  nothing: () => undefined as unknown as Loader,
  'another count in each thread': (thread: number) => ({ count: 3 + thread, sample: sound }),
  'sample throws': () =>
    at5(() => {
      throw new TypeError('not a picture');
    }),
  'sample rejects': () => at5(() => Promise.reject(new TypeError('not a picture'))),
  'sample never settles': () => at5(forever),
  'sample of another shape': () => at5(() => ({ inputs: Float32Array.of(1, 2), labels: [0] })),
  'sample of another kind': () => at5(() => ({ inputs: Int32Array.of(1), labels: [0] })),
  'first sample without a label': () => ({ count: 8, sample: (index: number) => (index === 4 ? { inputs: Float32Array.of(1) } : sound()) }),
  'sample with one array more': () => ({ count: 8, sample: (index: number) => ({ inputs: Array.from({ length: index === 5 ? 2 : 1 }, () => Float32Array.of(1)), labels: [0] }) }),
  'sample without a label': () => at5(() => ({ inputs: Float32Array.of(1) })),
  'sample of the wrong size': () => at5(() => ({ inputs: { values: [1, 2], shape: [3] }, labels: [0] })),
  'sample is nothing': () => at5(() => undefined as unknown as LoadedSample),
  'sample of rows': () => at5(() => ({ inputs: [[1]] as unknown as number[], labels: [0] })),
  'sample is a tensor': () => at5(() => ({ inputs: { dataSync: () => 1 } as unknown as number[], labels: [0] })),
  'batch throws': () => ({
    count: 8,
    batch: () => {
      throw new TypeError('not a picture');
    },
  }),
  'batch is nothing': () => ({ count: 8, batch: () => undefined as never }),
  'batch of too many samples': () => ({ count: 8, batch: () => ({ inputs: { values: Float32Array.of(1, 2, 3), shape: [3, 1] }, labels: Float32Array.of(0, 0, 0) }) }),
  'batch of a wrong shape': () => ({ count: 8, batch: () => ({ inputs: { values: Float32Array.of(1, 2, 3), shape: [2, 1] }, labels: Float32Array.of(0, 0) }) }),
  'close throws': () => ({
    ...at5(sound),
    close: () => {
      throw new TypeError('the archive is still being read');
    },
  }),
  'close exits': () => ({ ...at5(sound), close: () => process.exit(7) }),
  'close dies of what nothing catches': () => ({
    ...at5(sound),
    close: () =>
      new Promise<void>(() => {
        setTimeout(() => {
          throw new Error('nobody caught me');
        }, 0);
      }),
  }),
  'close is no function': () => ({ ...at5(sound), close: 5 as never }),
  'another count, and close throws': (thread: number) => ({
    count: 3 + thread,
    sample: sound,
    close: () => {
      throw new TypeError('the archive is still being read');
    },
  }),
  exits: () => at5(() => process.exit(3)),
  'uncaught error': () =>
    at5(() => {
      setTimeout(() => {
        throw new Error('nobody caught me');
      }, 0);
      return new Promise((resolve) => void setTimeout(() => resolve(sound()), 5000));
    }),
  'out of memory': () =>
    at5(() => {
      const hoard: number[][] = [];
      for (;;) hoard.push(Array.from({ length: 100_000 }, (_, i) => i + 0.5));
    }),
} satisfies Record<string, (thread: number) => Loader | Promise<Loader>>;

export type Way = keyof typeof ways;

export default defineLoader<Way>((way, { index }) => ways[way](index));
