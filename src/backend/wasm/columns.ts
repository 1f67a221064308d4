import type { Conv2DInfo } from './convolution-shape.js';

/**
 * How many floats the patches of a convolution may take at a time: 4 Mi, 16 MiB. All patches of a large batch are
 * filter height x filter width times the input, which would not fit into a wasm heap beside the model.
 */
export const patchBudget = 4 * 1024 * 1024;

/** Images whose patches fit into the budget: at least 1. */
export function imagesAtATime(info: Conv2DInfo): number {
  const perImage = info.outHeight * info.outWidth * info.filterHeight * info.filterWidth * info.inChannels;
  return Math.max(1, Math.min(info.batchSize, Math.floor(patchBudget / Math.max(1, perImage))));
}

/** The positions of the output, along one axis, at which a tap of the filter lies inside of the input. */
export interface Reach {
  /** Where the tap lies at output position 0: input position = offset + output position * stride. */
  readonly offset: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

function reach(tap: number, dilation: number, padding: number, stride: number, size: number, positions: number): Reach {
  const offset = tap * dilation - padding;
  const from = Math.max(0, Math.ceil(-offset / stride));
  const to = Math.min(positions, Math.floor((size - 1 - offset) / stride) + 1);
  return { offset, from, to: Math.max(from, to) };
}

export const rowReach = (info: Conv2DInfo, tap: number): Reach =>
  reach(tap, info.dilationHeight, info.padInfo.top, info.strideHeight, info.inHeight, info.outHeight);

export const columnReach = (info: Conv2DInfo, tap: number): Reach =>
  reach(tap, info.dilationWidth, info.padInfo.left, info.strideWidth, info.inWidth, info.outWidth);

/**
 * Lays out the patches of `count` images from image `first` on, transposed: one row for each filter tap and channel
 * ([filter height, filter width, channels]), one column for each output position ([image, height, width]).
 * As the left operand of a product with the output's gradient this needs no further transpose, and only the small
 * gradient has to be packed by XNNPACK. `columns` must be zeros where padding is read.
 */
export function patchesTransposed(x: Float32Array, columns: Float32Array, info: Conv2DInfo, first: number, count: number): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth } = info;
  const step = strideWidth * inChannels;
  const positions = count * outHeight * outWidth;
  let row = 0;
  for (let tapRow = 0; tapRow < info.filterHeight; tapRow++) {
    const rows = rowReach(info, tapRow);
    for (let tapColumn = 0; tapColumn < info.filterWidth; tapColumn++) {
      const span = columnReach(info, tapColumn);
      for (let channel = 0; channel < inChannels; channel++, row++) {
        for (let image = 0; image < count; image++) {
          for (let y = rows.from; y < rows.to; y++) {
            const line = ((first + image) * inHeight + rows.offset + y * strideHeight) * inWidth;
            let from = (line + span.offset + span.from * strideWidth) * inChannels + channel;
            const start = row * positions + (image * outHeight + y) * outWidth;
            for (let at = start + span.from; at < start + span.to; at++) {
              columns[at] = x[from] as number;
              from += step;
            }
          }
        }
      }
    }
  }
}

/**
 * Adds patches back to the pixels that they came from: the transpose of taking patches. `patches` has a row for each
 * output position and in it [filter height, filter width, channels]; `dx` is [image, height, width, channels].
 */
export function addPatches(patches: Float32Array, dx: Float32Array, info: Conv2DInfo, first: number, count: number): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, filterHeight, filterWidth } = info;
  const patch = filterHeight * filterWidth * inChannels;
  for (let tapRow = 0; tapRow < filterHeight; tapRow++) {
    const rows = rowReach(info, tapRow);
    for (let tapColumn = 0; tapColumn < filterWidth; tapColumn++) {
      const span = columnReach(info, tapColumn);
      const inPatch = (tapRow * filterWidth + tapColumn) * inChannels;
      for (let image = 0; image < count; image++) {
        for (let y = rows.from; y < rows.to; y++) {
          const line = ((first + image) * inHeight + rows.offset + y * strideHeight) * inWidth + span.offset;
          const position = (image * outHeight + y) * outWidth;
          for (let x = span.from; x < span.to; x++) {
            const to = (line + x * strideWidth) * inChannels;
            const from = (position + x) * patch + inPatch;
            for (let channel = 0; channel < inChannels; channel++) {
              dx[to + channel] = (dx[to + channel] as number) + (patches[from + channel] as number);
            }
          }
        }
      }
    }
  }
}
