/** One spatial axis of a pooling: sizes, and where the first window begins (-padding). */
export interface Axis {
  readonly size: number;
  readonly outSize: number;
  readonly window: number;
  readonly stride: number;
  readonly padding: number;
}

export interface Windows {
  readonly batch: number;
  readonly channels: number;
  readonly depth: Axis;
  readonly height: Axis;
  readonly width: Axis;
}

/** The depth of a pooling in two dimensions. */
export const flat: Axis = { size: 1, outSize: 1, window: 1, stride: 1, padding: 0 };

/** First and (exclusive) last input position of a window, cut to the input. */
export const from = (axis: Axis, at: number): number => Math.max(0, at * axis.stride - axis.padding);
export const to = (axis: Axis, at: number): number => Math.min(axis.size, at * axis.stride - axis.padding + axis.window);

/** Calls `begin` and `end` once a window, `take` for every position of the input in it. */
function eachWindow({ batch, channels, depth, height, width }: Windows, begin: (write: number) => void, take: (read: number) => void, end: (write: number, count: number) => void): void {
  let write = 0;
  for (let image = 0; image < batch; image++) {
    for (let z = 0; z < depth.outSize; z++) {
      for (let y = 0; y < height.outSize; y++) {
        for (let x = 0; x < width.outSize; x++, write += channels) {
          let count = 0;
          begin(write);
          for (let plane = from(depth, z); plane < to(depth, z); plane++) {
            for (let row = from(height, y); row < to(height, y); row++) {
              const line = ((image * depth.size + plane) * height.size + row) * width.size;
              for (let column = from(width, x); column < to(width, x); column++, count++) take((line + column) * channels);
            }
          }
          end(write, count);
        }
      }
    }
  }
}

/** The maximum of each window, NaN where there is one in it; -Infinity of a window that lies in the padding, as on cpu. */
export function maxima(values: Float32Array, out: Float32Array, windows: Windows): void {
  const { channels } = windows;
  let write = 0;
  eachWindow(
    windows,
    (at) => {
      write = at;
      out.fill(-Infinity, at, at + channels);
    },
    (read) => {
      for (let channel = 0; channel < channels; channel++) {
        const value = values[read + channel] as number;
        const largest = out[write + channel] as number;
        // cpu passes over NaN: the maximum of [NaN, 1] is 1 there.
        if (value > largest || Number.isNaN(value)) out[write + channel] = value;
      }
    },
    () => undefined,
  );
}

/** The mean of each window's values, those of the padding not counted; NaN of a window that lies in it, as on cpu. */
export function means(values: Float32Array, out: Float32Array, windows: Windows): void {
  const { channels } = windows;
  const sums = new Float64Array(channels);
  eachWindow(
    windows,
    () => { sums.fill(0); },
    (read) => {
      for (let channel = 0; channel < channels; channel++) sums[channel] = (sums[channel] as number) + (values[read + channel] as number);
    },
    (write, count) => {
      for (let channel = 0; channel < channels; channel++) out[write + channel] = (sums[channel] as number) / count;
    },
  );
}
