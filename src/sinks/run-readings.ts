import { isCoreEvent, type CoreEvent, type TrainscopeEvent } from '../events/index.js';
import { eventReadings } from './event-readings.js';
import { snake, type Reading, type Unit } from './reading.js';

type Labels = Readonly<Record<string, string>>;
type Phase = 'train' | 'validation';

/** A reading of a histogram stands for this many steps at the most: logEvery beyond it would only cost time. */
const maxTimes = 1000;

const taken: ReadonlySet<string> = new Set(
  'loss epoch_loss learning_rate epoch epochs_planned step running run_info steps samples epochs findings events plugin_errors events_lost runs step_duration batch_size parameters'.split(' '),
);

/**
 * Makes readings of the events of one process, as they come. Counters count what this process did: after a resume they
 * begin at 0, as counters of a process do; the gauges `step` and `epoch` say where the run is.
 */
export class RunReadings {
  /** Updates and examples that are counted. */
  #step = 0;
  #samples: number | undefined = 0;
  /** Examples of the run up to the epoch that is under way; unknown for one that was resumed in its midst. */
  #samplesBefore: number | undefined = 0;
  #clock: { readonly time: number; readonly step: number } | undefined;

  read(event: TrainscopeEvent): Reading[] {
    const counted = counter('events', '{event}', 'events of trainscope', 1, { event: event.event });
    if (!isCoreEvent(event)) return [counted, ...this.#steps(event.step), ...eventReadings(event, taken)];
    return [counted, ...this.#core(event)];
  }

  #core(event: CoreEvent): Reading[] {
    switch (event.event) {
      case 'run-start':
        this.#step = event.step;
        if (event.step === 0) this.#samplesBefore = this.#samples = 0;
        return [
          gauge('running', '1', '1 while fit runs, else 0', 1),
          gauge('parameters', '1', 'numbers in all weights of the model', event.data.model.parameters),
          ...this.#place(event),
          ...zeros(),
        ];
      case 'resume':
        this.#step = event.step;
        this.#samples = this.#samplesBefore = undefined;
        return [gauge('running', '1', '1 while fit runs, else 0', 1), ...this.#place(event), ...zeros()];
      case 'epoch-start':
        this.#clock = { time: event.time, step: event.step };
        return [...this.#place(event), gauge('epochs_planned', '1', 'number of the last epoch of this fit', event.data.epochs), rate(event.data.learningRate)];
      case 'step': {
        const duration = this.#duration(event);
        const samples = this.#seen(event.data.samples, event.data.batchSize * Math.max(1, event.step - this.#step));
        return [
          ...this.#steps(event.step),
          ...samples,
          ...duration,
          ...this.#place(event),
          ...values('', event.data.metrics, 'train', 'of the last batch that was reported'),
          gauge('loss', '1', lossHelp, event.data.loss, { phase: 'train' }),
          gauge('batch_size', '1', 'examples in the last batch that was reported', event.data.batchSize),
          rate(event.data.learningRate),
        ];
      }
      case 'validation':
        this.#clock = undefined; // a step's duration must not hold a validation
        return [...this.#steps(event.step), ...values('', event.data.metrics, 'validation', 'of the last validation'), gauge('validation_duration', 's', 'time of the last validation', event.data.ms / 1000)];
      case 'epoch-end': {
        const steps = this.#steps(event.step);
        const samples = this.#samplesBefore === undefined ? [] : this.#seen(this.#samplesBefore + event.data.samples, 0);
        this.#samplesBefore = this.#samples;
        this.#clock = undefined;
        return [
          ...steps,
          ...samples,
          counter('epochs', '{epoch}', 'epochs that this process finished', 1),
          ...values('epoch_', event.data.metrics, 'train', 'over the last whole epoch'),
          ...values('epoch_', event.data.validation ?? {}, 'validation', 'over the last whole epoch'),
          gauge('epoch_duration', 's', 'time of the last whole epoch, validation included', event.data.ms / 1000),
          ...this.#place(event),
          rate(event.data.learningRate),
        ];
      }
      case 'run-end':
        this.#clock = undefined;
        return [...this.#steps(event.step), gauge('running', '1', '1 while fit runs, else 0', 0), counter('runs', '{run}', 'fits that ended', 1, { reason: event.data.reason }), ...this.#place(event)];
      case 'finding':
        return [counter('findings', '{finding}', 'findings of the diagnosis', 1, { rule: event.data.rule, severity: event.data.severity })];
      case 'plugin-error':
        return [counter('plugin_errors', '{error}', 'errors that plugins threw', 1, { plugin: event.plugin ?? 'none' })];
      case 'sink-loss':
        return [counter('events_lost', '{event}', 'events that sinks left out', event.data.lost, { sink: event.data.sink })];
      case 'plugin-slow':
      case 'listener-error':
      case 'sink-error':
      case 'error':
        return []; // the counter of events tells them
    }
  }

  #place({ epoch, step }: TrainscopeEvent): Reading[] {
    return [gauge('epoch', '1', 'epoch under way, from 1', epoch), gauge('step', '1', 'updates since the start of the run', step)];
  }

  #steps(step: number): Reading[] {
    const more = step - this.#step;
    if (more <= 0) return [];
    this.#step = step;
    return [counter('steps', '{step}', 'updates that this process made', more)];
  }

  /** @param since Examples since the resume, when this is the first that is told of them */
  #seen(samples: number, since: number): Reading[] {
    const more = this.#samples === undefined ? since : samples - this.#samples;
    if (more <= 0) return [];
    this.#samples = samples;
    return [counter('samples', '{sample}', 'examples that this process trained on', more)];
  }

  /** The mean over the steps since the last step that was told, as often as there were steps. */
  #duration({ time, step }: TrainscopeEvent): Reading[] {
    const before = this.#clock;
    this.#clock = { time, step };
    if (before === undefined || step <= before.step) return [];
    const steps = step - before.step;
    return [{ kind: 'histogram', name: 'step.duration', unit: 's', help: 'time of a step, the mean over the steps between two step events', labels: {}, value: (time - before.time) / 1000 / steps, times: Math.min(steps, maxTimes) }];
  }
}

const lossHelp = 'of the last batch that was reported, or of the last validation';

const gauge = (name: string, unit: Unit, help: string, value: number, labels: Labels = {}): Reading => ({ kind: 'gauge', name, unit, help, labels, value });
const counter = (name: string, unit: Unit, help: string, value: number, labels: Labels = {}): Reading => ({ kind: 'counter', name, unit, help, labels, value });
const rate = (value: number): Reading => gauge('learning_rate', '1', 'learning rate applied last', value);

/** Counters without labels are there from the start: a rate over one that appears late misses its first growth. */
const zeros = (): Reading[] => [
  counter('steps', '{step}', 'updates that this process made', 0),
  counter('samples', '{sample}', 'examples that this process trained on', 0),
  counter('epochs', '{epoch}', 'epochs that this process finished', 0),
];

/** Loss and metrics: `loss`, `metric_accuracy`. A name each, since a sum over different metrics has no meaning. */
const values = (before: string, metrics: Readonly<Record<string, number>>, phase: Phase, when: string): Reading[] =>
  Object.entries(metrics).map(([name, value]) => {
    const own = name === 'loss' ? 'loss' : `metric_${snake(name)}`;
    return gauge(`${before}${own}`, '1', own === 'loss' && before === '' ? lossHelp : `${name} ${before === '' ? 'of the last batch that was reported, or of the last validation' : when}`, value, { phase });
  });
