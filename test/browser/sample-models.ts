import type { ReportModel, RunModel } from 'trainscope/report';

const harm = `</script><script>window.harmed=1</script><img src=x onerror="window.harmed=1">{{constructor}}`;

/** The model with harmful text wherever a log can put text. */
export function hostileModel(model: ReportModel): ReportModel {
  const replaced = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return ['key', 'status', 'severity', 'group', 'scale', 'of', 'id'].includes(key) || value === 'NaN' ? value : `${value}${harm}`;
    if (Array.isArray(value)) return key === 'series' && value.every((each) => typeof each === 'string') ? value : value.map((each) => replaced(each));
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, each]) => [['configuration', 'evidence', 'metrics'].includes(key) ? `${name}${harm}` : name, replaced(each, name)]));
    return value;
  };
  const hostile = replaced(model) as ReportModel;
  return { ...hostile, runs: hostile.runs.map((run) => ({ ...run, configuration: { ...run.configuration, ['__proto__x']: harm, constructor: harm } })) };
}

/** A model of 300 weights, with names of 60 characters. */
export function wideModel(model: ReportModel): ReportModel {
  const [run] = model.runs;
  if (run === undefined) throw new Error('the model has no run');
  const like = run.series.find(({ id }) => id.startsWith('gradient-norm-by-weight/'));
  const heat = run.heatMaps.find(({ id }) => id === 'heat:gradient-norm-by-weight');
  if (like === undefined || heat === undefined) throw new Error('the run has no gradients by weight');
  const names = Array.from({ length: 300 }, (_, i) => `encoder/block_${String(i)}/attention/query_key_value_projection/kernel`);
  const others = run.series.filter(({ id }) => !id.startsWith('gradient-norm-by-weight/'));
  const wide: RunModel = {
    ...run,
    series: [...others, ...names.map((name, i) => ({ ...like, id: `gradient-norm-by-weight/${name}`, name, values: like.values.map((value) => (value === null ? null : value * (1 + i / 50))) }))],
    charts: run.charts.map((chart) => (chart.id === 'gradient-norm-by-weight' ? { ...chart, series: names.map((name) => `gradient-norm-by-weight/${name}`) } : chart)),
    heatMaps: [{ ...heat, rows: names, cells: names.map((_, i) => (heat.cells[0] ?? []).map((cell) => (typeof cell === 'number' ? cell * (1 + i / 10) : cell))) }],
  };
  return { ...model, runs: [wide] };
}

const line = (seq: number, event: string, step: number, data: unknown): string => JSON.stringify({ v: 1, runId: 'odd', seq, time: 1_700_000_000_000 + 1000 * seq, event, plugin: null, epoch: 1, step, level: 'info', data });

/** A run that lost its beginning and its end, and met a NaN. */
export const oddLog = [
  ...Array.from({ length: 12 }, (_, i) => line(i + 1, 'step', i + 1, { loss: i < 8 ? 10 ** -i : 'NaN', metrics: { accuracy: 0 }, learningRate: 1e-30, batchSize: 1, samples: i + 1, updated: true })),
  line(13, 'of-a-plugin', 1, { score: 'Infinity' }),
  line(14, 'plugin-error', 12, { hook: 'measured', message: 'it broke', code: null, policy: 'disable' }),
  '{"v":1,"runId":"odd","seq":15,"ti',
].join('\n');
