import { encodePng } from '../../png.js';

export interface CountsImage {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Side of the picture that is aimed at, pixels: TensorBoard shows pictures at some 300 to 600. */
const side = 400;

/**
 * Labels by rows, predictions by columns, each row by its share: white is none, dark blue all of a row. The diagonal is
 * what is right. A row without labels is grey, so that it is not taken for one that is never found.
 * @param matrix [classes, classes]
 */
export function confusionImage(matrix: readonly (readonly number[])[]): CountsImage {
  const classes = matrix.length;
  const cell = Math.max(1, Math.floor(side / Math.max(1, classes)));
  // A line between cells, where there is room for one.
  const line = cell >= 8 ? 1 : 0;
  const size = Math.max(1, classes * cell);
  const pixels = new Uint8Array(size * size * 3).fill(255);
  matrix.forEach((row, y) => {
    const labels = row.reduce((sum, count) => sum + count, 0);
    row.forEach((count, x) => {
      const colour = labels === 0 ? ([224, 224, 224] as const) : shade(count / labels);
      for (let dy = line; dy < cell; dy += 1) for (let dx = line; dx < cell; dx += 1) pixels.set(colour, ((y * cell + dy) * size + x * cell + dx) * 3);
    });
  });
  return { png: encodePng(pixels, size, size, 3), width: size, height: size };
}

/** From white to the dark end of ColorBrewer's Blues (#08306b), straight. */
const dark = [8, 48, 107] as const;
const shade = (share: number): readonly [number, number, number] => {
  const at = (end: number): number => Math.round(255 + (end - 255) * share);
  return [at(dark[0]), at(dark[1]), at(dark[2])];
};
