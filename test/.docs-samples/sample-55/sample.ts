const incomes = [21_000, 34_000, 999_999, 28_000];
const known = incomes.filter((x) => x !== 999_999).sort((a, b) => a - b);
const median = known[Math.floor(known.length / 2)] ?? 0;
const cleaned = incomes.map((x) => (x === 999_999 ? median : x));

export {};
