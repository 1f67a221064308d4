const inputs = [[0.1], [0.2], [0.3], [0.4]];
const labels = [0, 0, 1, 1];
// One order for both: never shuffle one of them alone.
const order = inputs.map((_, i) => i).sort(() => Math.random() - 0.5);
const data = { inputs: order.map((i) => inputs[i] ?? []), labels: order.map((i) => labels[i] ?? 0) };

export {};
