const prices = [180_000, 240_000, 205_000];
const mean = prices.reduce((sum, y) => sum + y, 0) / prices.length;
const deviation = Math.sqrt(prices.reduce((sum, y) => sum + (y - mean) ** 2, 0) / prices.length);
const labels = prices.map((y) => [(y - mean) / deviation]);
const priceOf = (prediction: number): number => prediction * deviation + mean;

export {};
