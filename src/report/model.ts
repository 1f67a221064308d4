import type { JsonRecord } from '../events/index.js';

/** A number as JSON can hold it: what is not finite by its name. */
export type Real = number | 'NaN' | 'Infinity' | '-Infinity';

/** All that the page shows of one or several runs: plain JSON of bounded size, however long the logs are. */
export interface ReportModel {
  readonly format: 1;
  readonly title: string;
  /** When it was made, ms since the Unix epoch. */
  readonly made: number;
  readonly runs: readonly RunModel[];
  /** Null with fewer than two runs. */
  readonly comparison: RunComparison | null;
}

/** 'running' on a live page alone; 'unfinished': the log has no end, of a run that died or is still going on. */
export type RunStatus = 'running' | 'unfinished' | 'completed' | 'stopped' | 'aborted' | 'failed';

export interface RunModel {
  /** Tells the runs of a report apart: 'a', 'b'. */
  readonly key: string;
  /** For people: the name of the log, with the run's id where the log holds several. */
  readonly name: string;
  readonly runId: string;
  readonly status: RunStatus;
  /** Who ended it and why, in words; null when there is nothing to say. */
  readonly by: string | null;
  readonly message: string | null;
  /** Of the first and the newest event, ms since the Unix epoch. */
  readonly started: number;
  readonly ended: number;
  readonly epoch: number;
  /** Number of the last epoch that is planned; null when the log does not say. */
  readonly epochs: number | null;
  readonly step: number;
  /** The latest, validation with val_ in front. */
  readonly metrics: Readonly<Record<string, Real>>;
  readonly log: LogFacts;
  readonly epochEnds: readonly Mark[];
  readonly resumes: readonly (Mark & { readonly checkpoint: string; readonly attempt: number; readonly changed: readonly { readonly path: string; readonly was: string | null; readonly is: string | null }[] })[];
  /** One a root cause, the gravest first. */
  readonly findings: readonly FindingModel[];
  readonly charts: readonly Chart[];
  readonly series: readonly Series[];
  readonly heatMaps: readonly HeatMap[];
  /** Predictions of single samples over time. */
  readonly samples: readonly SampleHistory[];
  readonly confusion: readonly ConfusionTable[];
  readonly time: TimeModel;
  readonly decomposition: DecompositionModel | null;
  readonly environment: Environment | null;
  readonly configuration: JsonRecord;
  /** Events of a plugin, sink or the run that failed, the newest 200. */
  readonly troubles: readonly Trouble[];
}

/** A place in a run. */
export interface Mark {
  readonly epoch: number;
  readonly step: number;
  /** Seconds since the run's first event. */
  readonly time: number;
}

export interface LogFacts {
  /** How many events there are, by name. */
  readonly events: Readonly<Record<string, number>>;
  readonly total: number;
  /** Lines that are no events: torn, or another logger's. */
  readonly otherLines: number;
  /** Events of steps that a resumed run made again, left out. */
  readonly superseded: number;
  /** Events that a sink could not keep up with. */
  readonly lost: number;
}

export interface FindingModel {
  readonly rule: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly remedy: string;
  readonly where: JsonRecord;
  readonly evidence: JsonRecord;
  /** Page of the documentation, relative to docs/; null without. */
  readonly docs: string | null;
  readonly plugin: string | null;
  /** Of its first time. */
  readonly epoch: number;
  readonly step: number;
  readonly time: number;
  /** How often it was told. */
  readonly times: number;
  /** What it brought about. */
  readonly symptoms: readonly { readonly rule: string; readonly severity: 'error' | 'warning' | 'info'; readonly message: string }[];
  /** Series (ids) in which it can be seen, the most telling first; empty when the log has none. */
  readonly series: readonly string[];
  /** Steps that it is about, both included; null when it is about the run. */
  readonly steps: { readonly from: number; readonly to: number } | null;
}

export const chartGroups = ['metrics', 'learning-rate', 'gradients', 'weights', 'updates', 'activations', 'predictions', 'time', 'hardware', 'other'] as const;
export type ChartGroup = (typeof chartGroups)[number];

/** Series that are drawn in one plot. */
export interface Chart {
  readonly id: string;
  readonly group: ChartGroup;
  readonly title: string;
  /** What the numbers are, in a sentence; '' when there is nothing to say. */
  readonly about: string;
  readonly unit: string;
  /** The axis that it opens with. */
  readonly scale: 'linear' | 'log';
  /** Whether it is of interest to everyone, or a detail that is shown when asked for. */
  readonly detail: boolean;
  readonly series: readonly string[];
}

/**
 * Numbers over steps. Of a long run a part of the points is kept: of each stretch the first, the lowest, the highest and
 * the last one, as they were, so that no spike is lost and no point is made up.
 */
export interface Series {
  readonly id: string;
  /** In a legend: training, validation, dense_1/kernel. */
  readonly name: string;
  readonly of: 'training' | 'validation' | null;
  /** Rising. */
  readonly steps: readonly number[];
  /** Seconds since the run's first event. */
  readonly times: readonly number[];
  /** Null where it was not finite. */
  readonly values: readonly (number | null)[];
  /** How many points the log has. */
  readonly points: number;
  /** Over all points that are finite; null when none is. */
  readonly lowest: { readonly step: number; readonly value: number } | null;
  readonly highest: { readonly step: number; readonly value: number } | null;
  readonly last: { readonly step: number; readonly value: Real } | null;
  /** Points that are NaN or infinite: how many, and the first ones. */
  readonly notFinite: { readonly count: number; readonly first: readonly { readonly step: number; readonly value: Real }[] };
}

/** Values by row (layers, weights, bins) and stretch of steps. */
export interface HeatMap {
  readonly id: string;
  readonly group: ChartGroup;
  readonly title: string;
  readonly about: string;
  readonly unit: string;
  readonly scale: 'linear' | 'log';
  readonly rows: readonly string[];
  /** First step of each column. */
  readonly steps: readonly number[];
  /** By row, by column: the largest of the stretch (counts: the sum); null without a value, NaN and infinities by name. */
  readonly cells: readonly (readonly (Real | null)[])[];
}

export interface SampleHistory {
  readonly output: string;
  readonly task: string;
  /** Of the sample in the validation data. */
  readonly index: number;
  readonly flips: number | null;
  readonly steps: readonly number[];
  /** By look: the sample's outputs. */
  readonly predictions: readonly (readonly (number | null)[])[];
  /** By look: predicted class; null for regression. */
  readonly labels: readonly (number | null)[];
}

export interface ConfusionTable {
  readonly output: string;
  readonly epoch: number;
  readonly step: number;
  readonly classes: readonly string[];
  /** By true class, by predicted class. */
  readonly counts: readonly (readonly number[])[];
}

export interface TimeModel {
  /** Of the run, s. */
  readonly total: number;
  /** Phase of the loop -> share of its time, 0 to 1; null without the plugin gpuProfiler. */
  readonly shares: Readonly<Record<string, number>> | null;
  /** Of all validations, s. */
  readonly validation: number;
  readonly stepsPerSecond: number | null;
  readonly samplesPerSecond: number | null;
  readonly verdict: string | null;
  readonly remedy: string | null;
}

export interface DecompositionModel {
  readonly total: Real;
  readonly irreducible: Real;
  readonly bias: Real;
  readonly variance: Real | null;
  readonly selection: Real | null;
  readonly next: string | null;
  readonly advice: string;
}

export interface Environment {
  readonly versions: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly backend: string;
  readonly refusals: readonly { readonly backend: string; readonly reason: string }[];
  readonly notes: readonly string[];
  readonly seed: number | null;
  readonly loss: string;
  readonly optimizer: JsonRecord;
  readonly model: {
    readonly kind: string;
    readonly parameters: number;
    readonly trainableParameters: number;
    readonly layers: readonly { readonly name: string; readonly className: string; readonly outputShape: string; readonly parameters: number }[];
  };
  readonly plugins: readonly { readonly name: string; readonly role: string; readonly options: JsonRecord }[];
}

export interface Trouble extends Mark {
  readonly event: string;
  readonly plugin: string | null;
  readonly level: string;
  readonly text: string;
}

export interface RunComparison {
  /** Metric -> value by run, in their order; null where a run has none. */
  readonly metrics: readonly { readonly name: string; readonly values: readonly (Real | null)[] }[];
  /** Settings and surroundings that differ: path -> JSON by run; null where a run has none. */
  readonly differences: readonly { readonly path: string; readonly values: readonly (string | null)[] }[];
  /** Rule -> severity by run; null where a run does not have it. */
  readonly findings: readonly { readonly rule: string; readonly severities: readonly ('error' | 'warning' | 'info' | null)[] }[];
  readonly decomposition: { readonly summary: string; readonly parts: readonly { readonly part: string; readonly values: readonly (Real | null)[] }[] } | null;
}
