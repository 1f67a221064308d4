/** Powers of ten that a double holds exactly: 10^0 to 10^22. */
const powers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${String(i)}`));
/** Veltkamp's constant for 53 bits, which parts a double into two halves whose products are exact (Dekker 1971). */
const splitter = 2 ** 27 + 1;
const zero = 0x30;
const nine = 0x39;
const minus = 0x2d;
const plus = 0x2b;
const dot = 0x2e;

/** Digits that a double surely holds as a whole number. */
const exactDigits = 15;

/** Where the number that was read last ends: the first byte after it. */
export const readEnd = { at: 0 };

/**
 * A number of JSON in the bytes of a text, from `from`; NaN where none begins. Up to 17 digits, as JSON.stringify writes
 * them, are computed in twice the precision of a double (error-free products after Dekker 1971), and the result is what
 * Number() gives; what has more digits or a far exponent is handed to Number().
 */
export function decimalAt(bytes: Uint8Array, from: number): number {
  let at = from;
  const isNegative = bytes[at] === minus;
  if (isNegative) at += 1;
  // Written out and not called: a function that changes these variables would move them from registers to the heap.
  let head = 0;
  let tail = 0;
  let digits = 0;
  let scale = 0;
  let byte = bytes[at] ?? 0;
  if (byte < zero || byte > nine) return NaN;
  const first = at;
  let point = -1;
  for (;;) {
    const digit = byte - zero;
    if (digit >= 0 && digit <= 9) {
      // Zeros in front are no digits.
      if (digits < exactDigits) {
        head = head * 10 + digit;
        if (head > 0) digits += 1;
      } else {
        tail = tail * 10 + digit;
        digits += 1;
      }
    } else if (byte === dot && point < 0) point = at;
    else break;
    at += 1;
    byte = bytes[at] ?? 0;
  }
  if (point >= first) scale = point + 1 - at;
  const tailDigits = digits > exactDigits ? digits - exactDigits : 0;
  if (byte === 0x65 || byte === 0x45) {
    at += 1;
    byte = bytes[at] ?? 0;
    const isSmall = byte === minus;
    if (isSmall || byte === plus) at += 1;
    let exponent = 0;
    for (byte = bytes[at] ?? 0; byte >= zero && byte <= nine; byte = bytes[at] ?? 0) {
      exponent = exponent * 10 + (byte - zero);
      at += 1;
    }
    scale += isSmall ? -exponent : exponent;
  }
  readEnd.at = at;
  const value = digits > 20 || scale < -22 || scale > 0 ? slowly(bytes, from + (isNegative ? 1 : 0), at) : scaled(head, tail, tailDigits, -scale);
  return isNegative ? -value : value;
}

const slowly = (bytes: Uint8Array, from: number, to: number): number => {
  let text = '';
  for (let i = from; i < to; i += 1) text += String.fromCharCode(bytes[i] ?? 0);
  return Number(text);
};

/** (head * 10^tailDigits + tail) / 10^down, rounded once. */
function scaled(head: number, tail: number, tailDigits: number, down: number): number {
  const divisor = powers[down] ?? 1;
  if (tailDigits === 0) return head / divisor;
  // high + low is head * 10^tailDigits + tail without error.
  const factor = powers[tailDigits] ?? 1;
  const product = head * factor;
  const high = product + tail;
  const low = productError(head, factor, product) + (tail - (high - product));
  if (down === 0) return high + low;
  const quotient = high / divisor;
  const back = quotient * divisor;
  const rest = high - back - productError(quotient, divisor, back) + low;
  return quotient + rest / divisor;
}

/** What rounding took from a product: a * b = product + error, exactly. */
function productError(a: number, b: number, product: number): number {
  const wideA = splitter * a;
  const highA = wideA - (wideA - a);
  const lowA = a - highA;
  const wideB = splitter * b;
  const highB = wideB - (wideB - b);
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}
