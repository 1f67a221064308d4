import { isCoreEvent, type CoreEvent } from './core-events.js';
import type { TrainscopeEvent } from './envelope.js';

/** Four digits: enough to see a loss move, few enough to read in a row. */
const short = (value: number): string => String(Number(value.toPrecision(4)));

const listed = (metrics: Readonly<Record<string, number>>, prefix = ''): string =>
  Object.entries(metrics)
    .map(([name, value]) => `  ${prefix}${name} ${short(value)}`)
    .join('');

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Beyond this many characters a line of a console wraps, with pino-pretty's time and level before it. */
const plainWidth = 100;

/** The first plain fields of an event that is not known here, as many as fit on a line: `  norm 0.412  maxAbs 0.031`. */
function plainFields(data: Readonly<Record<string, unknown>>, width: number): string {
  let text = '';
  for (const [name, value] of Object.entries(data)) {
    if (typeof value !== 'number' && typeof value !== 'boolean' && typeof value !== 'string') continue;
    const field = `  ${name} ${typeof value === 'number' ? short(value) : String(value)}`;
    if (text.length + field.length <= width) text += field;
  }
  return text;
}

/** Whatever the words end in, what follows begins a sentence of its own. */
const ended = (words: string): string => (/[.!?…]$/.test(words) ? words : `${words}.`);

/** An event in a short sentence for people: `epoch 3/5  loss 0.0812  accuracy 0.975  val_loss 0.0934`. Its facts are in data. */
export function sentence(event: TrainscopeEvent): string {
  if (isCoreEvent(event)) return coreSentence(event);
  const name = `${event.event}${event.plugin === null ? '' : ` (${event.plugin})`}`;
  return `${name}${plainFields(event.data, plainWidth - name.length)}`;
}

function coreSentence(event: CoreEvent): string {
  const { epoch, step, plugin } = event;
  switch (event.event) {
    case 'run-start': {
      const { model, backend, epochs, fit } = event.data;
      return `run ${event.runId} starts: ${counted(epochs, 'epoch')} of a model with ${counted(model.parameters, 'parameter')} on ${backend.name}${fit > 1 ? ` (fit ${fit})` : ''}`;
    }
    case 'resume': {
      const { checkpoint, attempt, step: from } = event.data;
      return `run ${event.runId} goes on from ${checkpoint}: epoch ${epoch}, step ${from} (attempt ${attempt})`;
    }
    case 'epoch-start':
      return `epoch ${epoch}/${event.data.epochs} starts  learning rate ${short(event.data.learningRate)}`;
    case 'step':
      return `step ${step}  loss ${short(event.data.loss)}${listed(event.data.metrics)}`;
    case 'validation':
      return `validation of epoch ${epoch}${listed(event.data.metrics, 'val_')}`;
    case 'epoch-end':
      return `epoch ${epoch}/${event.data.epochs}${listed(event.data.metrics)}${listed(event.data.validation ?? {}, 'val_')}`;
    case 'run-end': {
      const { reason, by, message, epochs, steps, findings } = event.data;
      const why = `${by === null ? '' : ` by ${by}`}${message === null ? '' : `: ${message}`}`;
      return `run ${reason}${why} after ${counted(epochs, 'epoch')}, ${counted(steps, 'step')}, with ${counted(findings, 'finding')}`;
    }
    case 'finding':
      return `${event.data.rule}: ${ended(event.data.message)} ${event.data.remedy}`.trimEnd();
    case 'plugin-error':
      return `plugin ${plugin ?? 'of the trainer'} threw in ${event.data.hook} at step ${step} (${event.data.policy}): ${event.data.message}`;
    case 'plugin-slow':
      return `plugin ${plugin ?? 'of the trainer'} takes ${short(100 * event.data.share)} % of the time`;
    case 'listener-error':
      return `a listener of ${event.data.event} threw and is not called any more: ${event.data.message}`;
    case 'sink-error':
      return `the sink ${event.data.sink} failed${event.data.detached ? ' and is not written to any more' : ''}: ${event.data.message}`;
    case 'sink-loss':
      return `the sink ${event.data.sink} could not keep up: ${counted(event.data.lost, 'event')} left out after seq ${event.data.since}`;
    case 'error':
      return `${event.data.name}: ${event.data.message}`;
  }
}
