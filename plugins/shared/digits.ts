/** A number as sentences show it: three significant digits, without trailing zeros. */
export const digits = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value));
