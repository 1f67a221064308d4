/**
 * What is asked of `nvidia-smi`, and how a line of its answer reads. Meanings and placeholders are those of
 * `nvidia-smi --help-query-gpu`, the manual page and the NVML reference.
 *
 * One unknown field makes nvidia-smi exit with code 2 (`Field "x" is not a valid field to query.`), so only fields that
 * every driver from R450 (2020, CUDA 11.0, below what tfjs-node-gpu needs) to the present has are asked for. The
 * throttle reasons are left out: R535 renamed them from clocks_throttle_reasons to clocks_event_reasons.
 */
export const queryFields = [
  'timestamp', // local time; here it is what tells a reading from a message that happens to hold commas
  'index',
  'uuid', // stays when indices change between boots
  'utilization.gpu', // percent of the driver's sample period (1/6 s to 1 s) in which a kernel ran
  'utilization.memory', // percent of that period in which device memory was read or written
  'memory.used',
  'memory.total',
  'power.draw', // near idle power at a high utilization: kernels run, but little work in each
  'temperature.gpu', // with a falling clock: it throttles
  'clocks.sm',
  'mig.mode.current', // NVML gives no utilization of a GPU split by MIG: this says why there is none
  'name', // last, since CSV is printed without quotes: a name with a comma moves no column
] as const;

/** One process that repeats the query: starting nvidia-smi anew costs some 10 ms to seconds of driver initialisation each time. */
export const queryArguments = (interval: number): readonly string[] => [
  `--query-gpu=${queryFields.join(',')}`,
  '--format=csv,noheader,nounits',
  `--loop-ms=${interval}`,
];

/** One reading of one GPU; null where nvidia-smi had no value. */
export interface GpuSample {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly mig: boolean;
  /** Percent. */
  readonly utilization: number | null;
  /** Percent. */
  readonly memoryUtilization: number | null;
  /** MiB. */
  readonly memoryUsed: number | null;
  /** MiB. */
  readonly memoryTotal: number | null;
  /** W. */
  readonly power: number | null;
  /** Degrees Celsius. */
  readonly temperature: number | null;
  /** MHz. */
  readonly smClock: number | null;
  /** What stood where the utilization belongs, when that was no number: `[N/A]`, `[GPU requires reset]`. */
  readonly unreadable: string | null;
}

export type ParsedLine =
  | { readonly kind: 'sample'; readonly sample: GpuSample }
  /** A header or an empty line: neither a reading nor a sign of trouble. */
  | { readonly kind: 'nothing' }
  /** Anything else: what nvidia-smi has to say when it cannot read (it says so on stdout), or another program's output. */
  | { readonly kind: 'message'; readonly text: string };

const timestamp = /^\d{4}\/\d{2}\/\d{2} \d{2}:\d{2}:\d{2}/;
const number = /^(-?\d+(?:\.\d+)?)(?:\s*[A-Za-z%]+)?$/; // a unit may follow: a wrapper may leave out nounits
/** [N/A], [Not Supported], [Unknown Error], [Insufficient Permissions], [GPU requires reset]...: the list has grown, the brackets stay. */
const placeholder = /^(?:\[.*\]|N\/A|ERR!|)$/;

/** @returns undefined when the text is neither a number nor a placeholder. */
function readNumber(text: string): number | null | undefined {
  const digits = number.exec(text)?.[1];
  if (digits !== undefined) return Number(digits);
  return placeholder.test(text) ? null : undefined;
}

/** Percentages are 0 to 100; another number is a driver's mistake and no reading. */
const percentOrNull = (value: number | null): number | null => (value !== null && value >= 0 && value <= 100 ? value : null);

/** Reads one line of the CSV, without its line end. Never throws. */
export function parseLine(line: string): ParsedLine {
  const text = line.trim();
  if (text === '' || text.startsWith('timestamp,')) return { kind: 'nothing' };
  const columns = text.split(',').map((column) => column.trim());
  const [time = '', index = '', uuid = ''] = columns;
  if (columns.length < queryFields.length || !timestamp.test(time) || !/^\d+$/.test(index)) return { kind: 'message', text };
  const numbers = columns.slice(3, 10).map(readNumber);
  if (numbers.includes(undefined)) return { kind: 'message', text };
  const [utilization = null, memoryUtilization = null, memoryUsed = null, memoryTotal = null, power = null, temperature = null, smClock = null] = numbers;
  const percent = percentOrNull(utilization);
  return {
    kind: 'sample',
    sample: {
      index: Number(index),
      uuid: placeholder.test(uuid) ? `index ${index}` : uuid,
      name: columns.slice(11).join(', '),
      mig: columns[10] === 'Enabled',
      utilization: percent,
      memoryUtilization: percentOrNull(memoryUtilization),
      memoryUsed,
      memoryTotal,
      power,
      temperature,
      smClock,
      unreadable: percent === null ? (columns[3] ?? '') : null,
    },
  };
}
