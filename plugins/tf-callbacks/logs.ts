/** What callbacks are given: numbers by name. A new object each time, which all callbacks of one call share and may change. */
export type Logs = Record<string, number>;

type Metrics = Readonly<Record<string, number>>;

/** tfjs-layers' name for it (its getDedupedMetricsNames), beside ours. */
const alias = (name: string): string | undefined => (name === 'accuracy' ? 'acc' : name.endsWith('_accuracy') ? `${name.slice(0, -'accuracy'.length)}acc` : undefined);

/** Metrics under our names, and under tfjs-layers' where that is another. */
function named(metrics: Metrics, prefix: string): Logs {
  const logs: Logs = {};
  for (const [name, value] of Object.entries(metrics)) {
    logs[`${prefix}${name}`] = value;
    const other = alias(name);
    if (other !== undefined && !(other in metrics)) logs[`${prefix}${other}`] = value;
  }
  return logs;
}

/** Of an epoch; those of the validation with val_ in front. */
export const epochLogs = (metrics: Metrics, validation: Metrics | null): Logs => ({ ...named(validation ?? {}, 'val_'), ...named(metrics, '') });

/** Of one batch. `metrics` may hold what was validated last, which is not of the batch. */
export const batchLogs = (metrics: Metrics, batch: number, size: number): Logs => ({
  batch,
  size,
  ...named(Object.fromEntries(Object.entries(metrics).filter(([name]) => !name.startsWith('val_'))), ''),
});
