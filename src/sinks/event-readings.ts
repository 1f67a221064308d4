import { scalarsOf, type TrainscopeEvent } from '../events/index.js';
import { snake, type Reading, type Unit } from './reading.js';

/** Collections of an event's data, and the label under which the names in them stand. */
const labelOfCollection: Readonly<Record<string, string>> = { weights: 'weight', layers: 'layer', classes: 'class', perClass: 'class', hooks: 'hook', plugins: 'plugin' };

type Data = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Data => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of which kind a named thing is: it stands in the collection of weights, layers and so on. */
function labelOf(name: string, data: Data, depth = 0): string {
  for (const [key, child] of Object.entries(data)) {
    if (!isRecord(child)) continue;
    const label = Object.hasOwn(labelOfCollection, key) ? labelOfCollection[key] : undefined;
    if (label !== undefined && Object.hasOwn(child, name)) return label;
    if (label === undefined && depth < 3) {
      const deeper = labelOf(name, child, depth + 1);
      if (deeper !== 'of') return deeper;
    }
  }
  return 'of';
}

/** Fields of the gpuProfiler that are bytes and do not say so in their name (Node's process.memoryUsage). */
const byteFields: ReadonlySet<string> = new Set(['rss', 'peak_rss', 'heap_used', 'heap_total', 'external']);

/** A field's name without its unit, and the factor to the base unit: Prometheus wants seconds and bytes (docs, "Metric and label naming"). */
function baseUnit(field: string): { readonly name: string; readonly unit: Unit; readonly factor: number } {
  const milliseconds = /(^|_)(ms|milliseconds)$/;
  if (milliseconds.test(field)) return { name: field.replace(milliseconds, '') || 'duration', unit: 's', factor: 1e-3 };
  if (/(^|_)bytes$/.test(field)) return { name: field.replace(/_?bytes$/, '') || 'size', unit: 'By', factor: 1 };
  const last = field.replace(/^memory_/, '');
  if (byteFields.has(last)) return { name: field, unit: 'By', factor: 1 };
  return { name: field, unit: '1', factor: 1 };
}

/** `gradient-norm` and `norm` are `gradient_norm`, and with `maxAbs` `gradient_norm_max_abs`. */
function joined(event: string, field: string): string {
  if (field === '') return event;
  return event === field || event.endsWith(`_${field}`) ? event : `${event}_${field}`;
}

/**
 * The numbers of an event of a plugin, known here or not, as gauges: `gradient_norm` for the whole model,
 * `gradient_norm_by_weight{weight="dense_1/kernel"}` for a part. Parts have a name of their own, so that a sum over a name
 * adds up parts alone.
 *
 * @param taken Names of the core: an event that would have one gets `event_` in front
 */
export function eventReadings(event: TrainscopeEvent, taken: ReadonlySet<string>): Reading[] {
  const prefix = snake(event.event);
  const readings = scalarsOf(event).map(({ field, of, value }): Reading => {
    const { name, unit, factor } = baseUnit(snake(field));
    const whole = joined(prefix, name);
    const help = `${field} of the last event ${event.event}`;
    const scaled = value * factor;
    if (of === null) return { kind: 'gauge', name: taken.has(whole) ? `event_${whole}` : whole, unit, help, labels: {}, value: scaled };
    const label = labelOf(of, event.data);
    const part = `${whole}_by_${label === 'of' ? 'part' : label}`;
    return { kind: 'gauge', name: taken.has(part) ? `event_${part}` : part, unit, help: `${help}, by ${label === 'of' ? 'part' : label}`, labels: { [label]: of }, value: scaled };
  });
  return event.event === 'gpu-profile' ? [...readings, ...gpuReadings(event.data)] : readings;
}

const mebibyte = 2 ** 20;

/** GPUs stand in a list; their names are those of OpenTelemetry's semantic conventions for hardware (hw.gpu.*). */
function gpuReadings(data: Data): Reading[] {
  const gpus = Array.isArray(data['gpus']) ? (data['gpus'] as readonly unknown[]).filter(isRecord) : [];
  return gpus.flatMap((gpu): Reading[] => {
    const labels = { 'hw.id': String(gpu['uuid']), 'hw.name': String(gpu['name']) };
    const gauge = (name: string, unit: Unit, help: string, value: unknown, factor = 1): Reading[] =>
      typeof value === 'number' ? [{ kind: 'gauge', name, unit, help, labels, value: value * factor, convention: true }] : [];
    const mean = (key: string): unknown => (isRecord(gpu[key]) ? gpu[key]['mean'] : undefined);
    return [
      ...gauge('hw.gpu.utilization', '1', 'share of the time in which a kernel ran, 0 to 1, since the last reading', mean('utilization'), 0.01),
      ...gauge('hw.gpu.memory.usage', 'By', 'memory of the GPU in use by all processes, mean since the last reading', mean('memoryUsed'), mebibyte),
      ...gauge('hw.gpu.memory.limit', 'By', 'memory of the GPU', gpu['memoryTotal'], mebibyte),
      ...gauge('hw.gpu.power', 'W', 'power draw, mean since the last reading', mean('power')),
      ...gauge('hw.gpu.temperature', 'Cel', 'temperature, mean since the last reading', mean('temperature')),
    ];
  });
}
