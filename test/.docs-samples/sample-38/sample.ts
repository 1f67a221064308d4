const row = new Float32Array(2);
const rows: Float32Array[] = [];
for (let i = 0; i < 3; i += 1) {
  row.set([i, 2 * i]);
  rows.push(row.slice()); // Without slice() all rows would be this one buffer.
}

export {};
