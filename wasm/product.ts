/** Products of matrices of any layout. */
import { tile } from './tile';

/** Rows of b in a panel: 512 x 8 floats are 16 KiB, half of a first-level cache. */
const innerBlock: i32 = 512;

/** Rows of a that one panel meets before the next is laid out: 256 x 512 floats are 512 KiB, within the second level (128 is a third slower at 256x1024x1024). */
const rowBlock: i32 = 256;

/** Lays `width` columns of b side by side, `columns` of them b's and the others 0. */
function layOut(panel: usize, width: i32, columns: i32, b: usize, bRow: usize, bColumn: usize, inner: i32): void {
  for (let l = 0; l < inner; l++, b += bRow, panel += <usize>width << 2) {
    if (bColumn == 4 && columns == width) {
      v128.store(panel, v128.load(b));
      if (width == 8) v128.store(panel, v128.load(b, 16), 16);
      continue;
    }
    for (let column = 0; column < width; column++) {
      store<f32>(panel + (<usize>column << 2), column < columns ? load<f32>(b + <usize>column * bColumn) : 0);
    }
  }
}

/** b transposed: its columns lie side by side already, and are turned four by four. */
function layOutTurned(panel: usize, b: usize, bColumn: usize, inner: i32): void {
  for (let half: usize = 0; half < 2; half++) {
    let to = panel + (half << 4);
    let from = b + 4 * half * bColumn;
    let l: i32 = 0;
    for (; l + 4 <= inner; l += 4, from += 16, to += 128) {
      const a0 = v128.load(from);
      const a1 = v128.load(from + bColumn);
      const a2 = v128.load(from + 2 * bColumn);
      const a3 = v128.load(from + 3 * bColumn);
      const low01 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
      const low23 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
      const high23 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
      v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
      v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
    }
    for (; l < inner; l++, from += 4, to += 32) {
      for (let column: usize = 0; column < 4; column++) store<f32>(to + (column << 2), load<f32>(from + column * bColumn));
    }
  }
}

// @ts-ignore: decorator
@inline function down(wide: bool, out: usize, outRow: usize, rows: i32, a: usize, aRow: usize, aStep: usize, panel: usize, step: usize, inner: i32): void {
  for (; rows >= 4; rows -= 4, out += 4 * outRow, a += 4 * aRow) tile(4, wide, 4, out, outRow, a, aRow, aStep, panel, step, inner);
  if (rows == 3) tile(3, wide, 4, out, outRow, a, aRow, aStep, panel, step, inner);
  else if (rows == 2) tile(2, wide, 4, out, outRow, a, aRow, aStep, panel, step, inner);
  else if (rows == 1) tile(1, wide, 4, out, outRow, a, aRow, aStep, panel, step, inner);
}

function downWide(out: usize, outRow: usize, rows: i32, a: usize, aRow: usize, aStep: usize, panel: usize, step: usize, inner: i32): void {
  down(true, out, outRow, rows, a, aRow, aStep, panel, step, inner);
}

function downNarrow(out: usize, outRow: usize, rows: i32, a: usize, aRow: usize, aStep: usize, panel: usize, step: usize, inner: i32): void {
  down(false, out, outRow, rows, a, aRow, aStep, panel, step, inner);
}

/** One to three last columns: through sums of four, so that nothing beside the product is written. */
function downRest(columns: i32, sums: usize, out: usize, outRow: usize, rows: i32, a: usize, aRow: usize, aStep: usize, panel: usize, inner: i32): void {
  for (; rows > 0; rows -= 4, out += 4 * outRow, a += 4 * aRow) {
    const count = min(4, rows);
    for (let row = 0; row < count; row++) {
      for (let column = 0; column < columns; column++) {
        store<f32>(sums + (<usize>(row * 4 + column) << 2), load<f32>(out + <usize>row * outRow + (<usize>column << 2)));
      }
    }
    downNarrow(sums, 16, count, a, aRow, aStep, panel, 16, inner);
    for (let row = 0; row < count; row++) {
      for (let column = 0; column < columns; column++) {
        store<f32>(out + <usize>row * outRow + (<usize>column << 2), load<f32>(sums + (<usize>(row * 4 + column) << 2)));
      }
    }
  }
}

/**
 * out [batch, rows, columns] += a [rows, inner] b [inner, columns], matrix by matrix. A step of one row or column in a
 * and b, and of one matrix, is given in floats, so that transposes and a matrix that all share (step 0) are layouts.
 * `scratch` is room for 512 x 8 + 16 floats.
 */
export function multiply(
  a: usize, b: usize, out: usize, scratch: usize, batch: i32, rows: i32, inner: i32, columns: i32,
  aMatrix: i32, aRow: i32, aColumn: i32, bMatrix: i32, bRow: i32, bColumn: i32,
): void {
  const outRow = <usize>columns << 2;
  const aDown = <usize>aRow << 2;
  const aAcross = <usize>aColumn << 2;
  const bDown = <usize>bRow << 2;
  const bAcross = <usize>bColumn << 2;
  const sums = scratch + 32 * innerBlock;
  for (let matrix = 0; matrix < batch; matrix++) {
    const left = a + (<usize>matrix * aMatrix << 2);
    const right = b + (<usize>matrix * bMatrix << 2);
    const product = out + <usize>(matrix * rows) * outRow;
    for (let row = 0; row < rows; row += rowBlock) {
      const high = min(rowBlock, rows - row);
      for (let l = 0; l < inner; l += innerBlock) {
        const deep = min(innerBlock, inner - l);
        const block = left + <usize>row * aDown + <usize>l * aAcross;
        const target = product + <usize>row * outRow;
        let column: i32 = 0;
        for (; column + 8 <= columns; column += 8) {
          const from = right + <usize>l * bDown + <usize>column * bAcross;
          const to = target + (<usize>column << 2);
          if (bAcross == 4 && high <= 4) {
            // A panel that meets one tile alone would not repay its laying out.
            downWide(to, outRow, high, block, aDown, aAcross, from, bDown, deep);
            continue;
          }
          if (bDown == 4 && bAcross != 4) layOutTurned(scratch, from, bAcross, deep);
          else layOut(scratch, 8, 8, from, bDown, bAcross, deep);
          downWide(to, outRow, high, block, aDown, aAcross, scratch, 32, deep);
        }
        for (; column < columns; column += 4) {
          const own = min(4, columns - column);
          layOut(scratch, 4, own, right + <usize>l * bDown + <usize>column * bAcross, bDown, bAcross, deep);
          const to = target + (<usize>column << 2);
          if (own == 4) downNarrow(to, outRow, high, block, aDown, aAcross, scratch, 16, deep);
          else downRest(own, sums, to, outRow, high, block, aDown, aAcross, scratch, deep);
        }
      }
    }
  }
}
