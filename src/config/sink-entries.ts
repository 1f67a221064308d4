import { statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ConfigProblem } from '../errors.js';
import { fieldNames, fileSink, levels, pinoSink, type Sink } from '../events/index.js';
import { problemsOf, showValue } from '../problems.js';
import { csvSink } from '../sinks/csv.js';
import { openTelemetryOptions, openTelemetrySink } from '../sinks/open-telemetry.js';
import { prometheusOptions, prometheusSink } from '../sinks/prometheus.js';
import { tensorBoardOptions, tensorBoardSink } from '../sinks/tensor-board.js';
import { confinedPath } from './confined-path.js';
import { findingsAt, invalid, problemsOfError, type Finding } from './finding.js';
import { resolvePackage } from './modules.js';

type Path = ConfigProblem['path'];

const level = z.enum([...levels, 'silent']).optional();
const target = z.strictObject({
  target: z.string().min(1).describe('An installed package that is a pino transport, or pino/file.'),
  level: level.describe('The least level that it is given.'),
  options: z.record(z.string(), z.unknown()).optional().describe('Options of the transport. A destination is a path as that of a file sink, or 1 (stdout) or 2 (stderr).'),
});
const pipeline = z.strictObject({ pipeline: z.array(target).min(1).describe('Transports, each of which feeds the next.'), level: level.describe('The least level that it is given.') });

/** The part of pino's options that is plain data and stays in the process or in its folder. */
const pinoOptions = z.strictObject({
  level: level.describe("The least level that is written; 'debug' has every step. Default 'info'."),
  name: z.string().optional().describe('A name on every line.'),
  base: z.record(z.string(), z.unknown()).nullable().optional().describe('Keys on every line. Default: pid and hostname; null: none.'),
  fields: z.enum(fieldNames).optional().describe("Names of the fields: 'trainscope', the default, or 'ecs', the Elastic Common Schema; see docs/aggregators.md."),
  messageKey: z.string().min(1).optional().describe("Key of the sentence that says what happened. Default 'msg'."),
  transport: z
    .union([target, pipeline, z.strictObject({ targets: z.array(z.union([target, pipeline])).min(1).describe('Several transports side by side.'), dedupe: z.boolean().optional() })])
    .optional()
    .describe('Where lines go, in a worker thread. Default: stdout.'),
});

const logFolder = z.string().min(1).describe('The folder that TensorBoard is started with; each run has a folder in it. A path in the folder of the config, or in the output folder where one is given.');

/** An item of the list `sinks`. */
export const sinkSchema = z.union([
  z.strictObject({ file: z.string().min(1).describe('One line of JSON an event. A path in the folder of the config, or in the output folder where one is given.') }).describe('Every event, to a file.'),
  z.strictObject({ csv: z.string().min(1).describe('One row a number of an event. A path as that of file.') }).describe('Every number of every event, to a CSV file.'),
  z.strictObject({ tensorBoard: z.union([logFolder, tensorBoardOptions.extend({ folder: logFolder })]) }).describe('Event files for TensorBoard, to a folder.'),
  z.strictObject({ pino: pinoOptions }).describe('Events through a pino logger.'),
  z.strictObject({ prometheus: prometheusOptions }).describe('Metrics for Prometheus, served over HTTP; needs the package prom-client.'),
  z.strictObject({ openTelemetry: openTelemetryOptions }).describe("Spans and metrics to OpenTelemetry, over OTLP; needs OpenTelemetry's packages."),
  z.strictObject({ stdout: z.literal(true) }).describe("pino's lines on stdout."),
]);

export interface SinkPlace {
  /** Where packages are looked for. */
  readonly folder: string;
  /** Where files are written. */
  readonly outDir: string;
  /** The config file, which is no place for events. */
  readonly file: string;
}

/** Makes a sink. Not before all is found right: a pino transport starts a worker. */
type MakeSink = () => Sink;

/** What makes the sinks that a config lists, in its order; and what is wrong with them. */
export function readSinks(given: unknown, place: SinkPlace): { readonly makers: readonly { readonly make: MakeSink; readonly path: Path }[]; readonly findings: readonly Finding[] } {
  if (given === undefined) return { makers: [], findings: [] };
  if (!Array.isArray(given)) return { makers: [], findings: [invalid(['sinks'], `found ${showValue(given)}, expected an array of sinks`)] };
  const reader = new SinkReader(place);
  const makers = given.flatMap((item: unknown, i) => {
    const make = reader.read(item, ['sinks', i]);
    return make === undefined ? [] : [{ make, path: ['sinks', i] }];
  });
  return { makers, findings: reader.findings };
}

/** Makes all sinks; or none, with what went wrong, when one cannot be made. */
export async function makeSinks(makers: readonly { readonly make: MakeSink; readonly path: Path }[]): Promise<{ readonly sinks: readonly Sink[]; readonly findings: readonly Finding[] }> {
  const sinks: Sink[] = [];
  for (const { make, path } of makers) {
    try {
      sinks.push(make());
    } catch (error) {
      await Promise.allSettled(sinks.map(async (sink) => sink.close?.()));
      // The problems name the options of a logger, `logger` and so on: the place in the file says it better.
      return { sinks: [], findings: findingsAt(path, problemsOfError(error).map((problem) => ({ ...problem, path: [] }))) };
    }
  }
  return { sinks, findings: [] };
}

/** Options of transports under which a path is given: pino's own, sonic-boom's and pino-roll's. */
const destinationKeys = ['destination', 'dest', 'file'] as const;

class SinkReader {
  readonly findings: Finding[] = [];
  readonly #place: SinkPlace;
  readonly #written = new Map<string, Path>();

  constructor(place: SinkPlace) {
    this.#place = place;
  }

  read(item: unknown, path: Path): MakeSink | undefined {
    const parsed = sinkSchema.safeParse(item);
    if (!parsed.success) {
      this.findings.push(...findingsAt(path, problemsOf(parsed.error, sinkSchema, item)));
      return undefined;
    }
    const sink = parsed.data;
    if ('prometheus' in sink) return () => prometheusSink(sink.prometheus, { from: this.#place.folder });
    if ('openTelemetry' in sink) return () => openTelemetrySink(withoutUndefined(sink.openTelemetry), { from: this.#place.folder });
    if ('stdout' in sink) return () => pinoSink({}, { name: 'stdout' });
    if ('file' in sink) {
      const file = this.#destination(sink.file, [...path, 'file']);
      return file === undefined ? undefined : () => fileSink({ path: file });
    }
    if ('csv' in sink) {
      const file = this.#destination(sink.csv, [...path, 'csv']);
      return file === undefined ? undefined : () => csvSink({ path: file });
    }
    if ('tensorBoard' in sink) {
      const { folder, ...options } = typeof sink.tensorBoard === 'string' ? { folder: sink.tensorBoard } : sink.tensorBoard;
      const at = this.#folder(folder, typeof sink.tensorBoard === 'string' ? [...path, 'tensorBoard'] : [...path, 'tensorBoard', 'folder']);
      const { run } = options as { readonly run?: string };
      // What lies in the folder may be a link: a run's own, and those of its two parts.
      if (run !== undefined) for (const part of ['', 'train', 'validation']) this.#folder(join(folder, run, part), [...path, 'tensorBoard', 'run']);
      return at === undefined ? undefined : () => tensorBoardSink(at, withoutUndefined(options));
    }
    const { fields, ...own } = sink.pino;
    const options = { ...own, ...(sink.pino.transport === undefined ? {} : { transport: this.#transport(sink.pino.transport, [...path, 'pino', 'transport']) }) };
    return () => pinoSink(withoutUndefined(options), fields === undefined ? {} : { fields });
  }

  #transport(given: z.output<typeof target> | z.output<typeof pipeline> | { readonly targets: readonly (z.output<typeof target> | z.output<typeof pipeline>)[] }, path: Path): object {
    if ('targets' in given) return { ...given, targets: given.targets.map((each, i) => this.#transport(each, [...path, 'targets', i])) };
    if ('pipeline' in given) return { ...given, pipeline: given.pipeline.map((each, i) => this.#target(each, [...path, 'pipeline', i])) };
    return this.#target(given, path);
  }

  #target({ target: name, options = {}, ...rest }: z.output<typeof target>, path: Path): object {
    const confined = Object.entries(options).map(([key, value]) => [key, (destinationKeys as readonly string[]).includes(key) ? this.#output(value, [...path, 'options', key]) : value] as const);
    return withoutUndefined({ ...rest, target: this.#package(name, [...path, 'target']), options: Object.fromEntries(confined) });
  }

  /** Found from the config's folder; pino would look from where trainscope is installed. */
  #package(name: string, path: Path): string {
    // A name of pino's own, which is not looked up.
    if (name === 'pino/file') return name;
    const resolved = resolvePackage(name, this.#place.folder);
    if ('url' in resolved) return resolved.url;
    this.findings.push({ path, ...resolved.refusal });
    return name;
  }

  #output(value: unknown, path: Path): unknown {
    if (typeof value === 'string') return this.#destination(value, path);
    if (value === 1 || value === 2) return value;
    this.findings.push(invalid(path, `found ${showValue(value)}, expected a path, 1 (stdout) or 2 (stderr)`));
    return value;
  }

  /** A folder that files are made in. */
  #folder(given: string, path: Path): string | undefined {
    const confined = confinedPath(this.#place.outDir, given);
    if ('refusal' in confined) {
      this.findings.push({ code: 'CONFIG_PATH_ESCAPES', path, message: `${confined.refusal}, expected a path in ${this.#place.outDir}` });
      return undefined;
    }
    if (statSync(confined.path, { throwIfNoEntry: false })?.isDirectory() === false) this.findings.push(invalid(path, `"${given}" is a file, expected the path of a folder`));
    return confined.path;
  }

  #destination(given: string, path: Path): string | undefined {
    const confined = confinedPath(this.#place.outDir, given);
    if ('refusal' in confined) {
      this.findings.push({ code: 'CONFIG_PATH_ESCAPES', path, message: `${confined.refusal}, expected a path in ${this.#place.outDir}` });
      return undefined;
    }
    const earlier = this.#written.get(confined.path);
    if (earlier !== undefined) this.findings.push(invalid(path, `"${given}" is written by ${earlier.slice(0, 2).join(' ')} already`));
    if (confined.path === this.#place.file) this.findings.push(invalid(path, `"${given}" is the config file itself`));
    if (statSync(confined.path, { throwIfNoEntry: false })?.isDirectory() === true) this.findings.push(invalid(path, `"${given}" is a folder, expected the path of a file`));
    this.#written.set(confined.path, path);
    return confined.path;
  }
}

const withoutUndefined = (options: object): object => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
