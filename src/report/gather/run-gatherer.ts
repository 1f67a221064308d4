import { decompose } from '../../diagnosis/decomposition.js';
import { LogDiagnosis } from '../../diagnosis/diagnose.js';
import type { Finding } from '../../diagnosis/finding.js';
import { sentence, type TrainscopeEvent } from '../../events/index.js';
import type { ConfusionTable, DecompositionModel, FindingModel, Mark, Real, RunModel, RunStatus, TimeModel, Trouble } from '../model.js';
import { realOf } from './bounded-series.js';
import { drawEvent, isRepeated } from './chart-events.js';
import { confusionOf } from './confusion.js';
import { directNumbers, type DirectNumbers } from './direct-numbers.js';
import { environmentOf } from './environment.js';
import { seriesOf } from './finding-series.js';
import { metricChart } from './known-charts.js';
import { Plots } from './plots.js';
import { SampleHistories } from './sample-histories.js';
import { copiedRecordIn, listIn, numberIn, recordIn, textIn } from './wire-event.js';

/** Troubles that are listed: more are more of the same. */
const mostTroubles = 200;
/** Ends of epochs that are kept, for the axis by epochs. */
const mostEpochEnds = 2000;
/** Losses of single steps that the rules are shown one by one; of a longer run one in two, four and so on. It takes 10 microseconds each. */
const mostShownToRules = 40_000;

const troubleNames: ReadonlySet<string> = new Set(['plugin-error', 'plugin-slow', 'listener-error', 'sink-error', 'sink-loss', 'error', 'checkpoint-failed']);

/** Events that are more than their numbers. */
const wholeNames: ReadonlySet<string> = new Set([...troubleNames, 'run-start', 'resume', 'epoch-start', 'validation', 'epoch-end', 'run-end', 'finding', 'training-statistics', 'prediction-dynamics', 'histogram', 'confusion-matrix', 'gpu-profile', 'error-decomposition']);

const keyOf = ({ rule, where }: Pick<Finding, 'rule' | 'where'>): string => JSON.stringify([rule, where.layer, where.weight, where.feature, where.sample]);

interface Told extends Mark {
  readonly plugin: string | null;
  times: number;
}

export interface RunFacts {
  readonly key: string;
  readonly name: string;
  readonly otherLines: number;
  readonly superseded: number;
  /** Whether more may come: a run without an end is running. */
  readonly live: boolean;
}

/** All that a report shows of one run, while its events come in. Its size does not grow with the length of the run. */
export class RunGatherer {
  readonly #plots = new Plots();
  readonly #samples = new SampleHistories();
  readonly #confusion = new Map<string, ConfusionTable>();
  readonly #counts = new Map<string, number>();
  readonly #told = new Map<string, Told>();
  readonly #troubles: Trouble[] = [];
  readonly #resumes: RunModel['resumes'][number][] = [];
  #epochEnds: Mark[] = [];
  #epochEndEvery = 1;
  #epochsDone = 0;
  #diagnosis: LogDiagnosis | undefined;
  #shownEvery = 1;
  #stepsSeen = 0;
  #started: number | undefined;
  #ended = 0;
  #epoch = 0;
  #epochs: number | null = null;
  #step = 0;
  #metrics: Record<string, Real> = {};
  #status: RunStatus = 'unfinished';
  #by: string | null = null;
  #message: string | null = null;
  #start: Readonly<Record<string, unknown>> | undefined;
  #lost = 0;
  #validationMs = 0;
  #profile: Readonly<Record<string, unknown>> | undefined;
  #decomposition: DecompositionModel | null = null;

  constructor(readonly runId: string) {}

  add(event: TrainscopeEvent): void {
    const { event: name, data, step, epoch, time } = event;
    this.#started ??= time;
    this.#ended = Math.max(this.#ended, time);
    this.#step = Math.max(this.#step, step);
    this.#epoch = Math.max(this.#epoch, epoch);
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    const seconds = (time - this.#started) / 1000;
    const mark = { epoch, step, time: seconds };
    drawEvent(this.#plots, event, { step, time: seconds });
    if (name === 'step') this.#showStep(event, data);
    else {
      // Most rules need the plugin diagnosis; where it was on, it has told what they find.
      if (name === 'run-start') this.#begin(data);
      this.#find(event, mark);
      this.#take(name, data, mark);
      if (troubleNames.has(name)) this.#trouble(event, mark);
    }
  }

  /** Where the numbers of lines like this one go; undefined where they have to be read whole. @param event With placeholders */
  direct(event: TrainscopeEvent, slots: number): DirectNumbers | undefined {
    return wholeNames.has(event.event) ? undefined : directNumbers(this.#plots, event, slots);
  }

  /** Whether the next event of this name is to be handed to add(), and not its numbers alone: for the rules. */
  wantsWhole(name: string): boolean {
    return name === 'step' && this.#diagnosis?.asksRules === true && (this.#stepsSeen + 1) % this.#shownEvery === 0;
  }

  /** As add, of an event of which the numbers are known. */
  addNumbers(name: string, { time, epoch, step, points, cells, latest }: DirectNumbers, numbers: Float64Array): void {
    const at = numbers[step] ?? 0;
    const milliseconds = numbers[time] ?? 0;
    this.#started ??= milliseconds;
    if (milliseconds > this.#ended) this.#ended = milliseconds;
    if (at > this.#step) this.#step = at;
    const inEpoch = numbers[epoch] ?? 0;
    if (inEpoch > this.#epoch) this.#epoch = inEpoch;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    const seconds = (milliseconds - this.#started) / 1000;
    for (const { series, slot } of points) series.add(at, seconds, numbers[slot] ?? NaN);
    for (const { heat, row, slot } of cells) heat.add(row, at, numbers[slot] ?? NaN);
    for (const { name: metric, slot } of latest) this.#metrics[metric] = numbers[slot] ?? 'NaN';
    if (name === 'step') this.#countStep();
  }

  #countStep(): void {
    this.#stepsSeen += 1;
    if (this.#stepsSeen / this.#shownEvery > mostShownToRules) this.#shownEvery *= 2;
  }

  #begin(data: Readonly<Record<string, unknown>>): void {
    this.#start = data;
    this.#status = 'unfinished';
    const planned = numberIn(data['epochs']);
    this.#epochs = planned === undefined ? null : this.#epoch + planned;
    this.#diagnosis ??= new LogDiagnosis({ rules: !listIn(data['plugins']).some((each) => recordIn(each)['name'] === 'diagnosis') });
  }

  #showStep(event: TrainscopeEvent, data: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(recordIn(data['metrics']))) this.#metric(name, value);
    this.#metric('loss', data['loss']);
    const isOdd = typeof data['loss'] !== 'number';
    if (isOdd || (this.#stepsSeen + 1) % this.#shownEvery === 0) this.#find(event, { epoch: event.epoch, step: event.step, time: 0 });
    this.#countStep();
  }

  #find(event: TrainscopeEvent, mark: Mark): void {
    this.#diagnosis ??= new LogDiagnosis();
    const time = this.#started === undefined ? 0 : (event.time - this.#started) / 1000;
    for (const finding of this.#diagnosis.add(event)) {
      const key = keyOf(finding);
      const known = this.#told.get(key);
      if (known === undefined) this.#told.set(key, { ...mark, time, plugin: event.event === 'finding' ? event.plugin : null, times: 1 });
      else known.times += 1;
    }
  }

  #metric(name: string, value: unknown): void {
    const number = numberIn(value);
    if (number !== undefined) this.#metrics[name] = realOf(number);
  }

  #take(name: string, data: Readonly<Record<string, unknown>>, mark: Mark): void {
    switch (name) {
      case 'resume':
        this.#resumes.push({
          ...mark,
          checkpoint: textIn(data['checkpoint']) ?? '',
          attempt: numberIn(data['attempt']) ?? 0,
          changed: listIn(data['changed']).map((each) => {
            const { path, was, is } = recordIn(each);
            return { path: textIn(path) ?? '', was: textIn(was) ?? null, is: textIn(is) ?? null };
          }),
        });
        this.#status = 'unfinished';
        return;
      case 'epoch-start':
        this.#epochs = numberIn(data['epochs']) ?? this.#epochs;
        return;
      case 'validation':
        this.#validationMs += numberIn(data['ms']) ?? 0;
        for (const [metric, value] of Object.entries(recordIn(data['metrics']))) this.#metric(`val_${metric}`, value);
        return;
      case 'epoch-end':
        this.#epochs = numberIn(data['epochs']) ?? this.#epochs;
        for (const [metric, value] of Object.entries(recordIn(data['metrics']))) this.#metric(metric, value);
        for (const [metric, value] of Object.entries(recordIn(data['validation']))) this.#metric(`val_${metric}`, value);
        this.#endEpoch(mark);
        return;
      case 'run-end': {
        const reason = textIn(data['reason']);
        this.#status = reason === 'completed' || reason === 'stopped' || reason === 'aborted' || reason === 'failed' ? reason : 'unfinished';
        this.#by = textIn(data['by']) ?? null;
        this.#message = textIn(data['message']) ?? null;
        for (const [metric, value] of Object.entries(recordIn(data['metrics']))) this.#metric(metric, value);
        return;
      }
      case 'prediction-dynamics':
        this.#samples.add(data, mark.step);
        return;
      case 'confusion-matrix': {
        const table = confusionOf(data, mark);
        if (table !== undefined) this.#confusion.set(table.output, table);
        return;
      }
      case 'gpu-profile':
        this.#profile = data;
        return;
      case 'error-decomposition':
        this.#decomposition = decompositionIn(data);
        return;
      case 'sink-loss':
        this.#lost += numberIn(data['lost']) ?? 0;
        return;
      default:
    }
  }

  #endEpoch(mark: Mark): void {
    if (this.#epochsDone % this.#epochEndEvery === 0) this.#epochEnds.push(mark);
    this.#epochsDone += 1;
    if (this.#epochEnds.length <= mostEpochEnds) return;
    this.#epochEnds = this.#epochEnds.filter((_, i) => i % 2 === 0);
    this.#epochEndEvery *= 2;
  }

  #trouble(event: TrainscopeEvent, mark: Mark): void {
    this.#troubles.push({ ...mark, event: event.event, plugin: event.plugin, level: event.level, text: told(event) });
    if (this.#troubles.length > mostTroubles) this.#troubles.shift();
  }

  result({ key, name, otherLines, superseded, live }: RunFacts): RunModel {
    const { charts, series, heatMaps } = this.#plots.result((id) => isRepeated(this.#plots, id));
    const shown = new Set(series.map(({ id }) => id));
    const diagnosis = this.#diagnosis?.result();
    const findings = (diagnosis?.findings ?? []).map((finding): FindingModel => this.#model(finding, shown));
    const { environment, configuration } = environmentOf(this.#start);
    return {
      key,
      name,
      runId: this.runId,
      status: this.#status === 'unfinished' && live ? 'running' : this.#status,
      by: this.#by,
      message: this.#message,
      started: this.#started ?? 0,
      ended: this.#ended,
      epoch: this.#epoch,
      epochs: this.#epochs,
      step: this.#step,
      metrics: { ...this.#metrics },
      log: { events: Object.fromEntries(this.#counts), total: [...this.#counts.values()].reduce((sum, count) => sum + count, 0), otherLines, superseded, lost: this.#lost },
      epochEnds: [...this.#epochEnds],
      resumes: [...this.#resumes],
      findings,
      charts,
      series,
      heatMaps,
      samples: this.#samples.result(),
      confusion: [...this.#confusion.values()],
      time: this.#time(),
      decomposition: this.#decomposition ?? this.#decomposed(),
      environment,
      configuration,
      troubles: [...this.#troubles],
    };
  }

  #model(finding: Finding, shown: ReadonlySet<string>): FindingModel {
    const { symptoms, ...evidence } = finding.evidence;
    // What the rules find at the end of a log is told of no step but those that it names.
    const first = this.#told.get(keyOf(finding)) ?? { epoch: this.#epoch, step: finding.where.steps?.from ?? this.#step, time: (this.#ended - (this.#started ?? 0)) / 1000, plugin: null, times: 1 };
    const { rule, severity, message, remedy, where, docs } = finding;
    return {
      rule,
      severity,
      message,
      remedy,
      where: copiedRecordIn(where),
      evidence: copiedRecordIn(evidence),
      docs,
      ...first,
      symptoms: listIn(symptoms).map((each) => {
        const { rule: name, severity: grave, message: text } = recordIn(each);
        return { rule: textIn(name) ?? '', severity: grave === 'error' || grave === 'info' ? grave : 'warning', message: textIn(text) ?? '' };
      }),
      series: seriesOf(finding, this.#plots).filter((id) => shown.has(id)),
      steps: where.steps ?? null,
    };
  }

  #time(): TimeModel {
    const { shares, stepsPerSecond, samplesPerSecond, verdict } = this.#profile ?? {};
    const { kind, remedy } = recordIn(verdict);
    const parts = Object.entries(recordIn(shares)).flatMap(([phase, share]) => {
      const number = numberIn(share);
      return number === undefined ? [] : [[phase, number] as const];
    });
    return {
      total: (this.#ended - (this.#started ?? 0)) / 1000,
      shares: parts.length === 0 ? null : Object.fromEntries(parts),
      validation: this.#validationMs / 1000,
      stepsPerSecond: numberIn(stepsPerSecond) ?? null,
      samplesPerSecond: numberIn(samplesPerSecond) ?? null,
      verdict: textIn(kind) ?? null,
      remedy: textIn(remedy) ?? null,
    };
  }

  /** Without the plugin diagnosis: from the losses of the last epoch. */
  #decomposed(): DecompositionModel | null {
    if (this.#epochsDone === 0) return null;
    const { loss: training, val_loss: validation } = this.#metrics;
    // The loss of a step that came after the last epoch's end is not the mean of an epoch.
    if (typeof training !== 'number' || this.#plots.lastStep(metricChart('loss').id, 'training (batch)') !== this.#epochEnds.at(-1)?.step) return null;
    const { total, irreducible, bias, variance, selection, next, advice } = decompose({ training, validation: typeof validation === 'number' ? validation : null });
    return { total: realOf(total), irreducible: realOf(irreducible), bias: realOf(bias), variance: variance === null ? null : realOf(variance), selection: selection === null ? null : realOf(selection), next, advice };
  }
}

/** A line that is odd must not end a report. */
function told(event: TrainscopeEvent): string {
  try {
    return sentence(event);
  } catch {
    return event.event;
  }
}

function decompositionIn(data: Readonly<Record<string, unknown>>): DecompositionModel {
  const real = (value: unknown): Real | null => {
    const number = numberIn(value);
    return number === undefined ? null : realOf(number);
  };
  return {
    total: real(data['total']) ?? 'NaN',
    irreducible: real(data['irreducible']) ?? 0,
    bias: real(data['bias']) ?? 'NaN',
    variance: real(data['variance']),
    selection: real(data['selection']),
    next: textIn(data['next']) ?? null,
    advice: textIn(data['advice']) ?? '',
  };
}
