import { basename, join } from 'node:path';
import { isCoreEvent, type CoreEvent, type TrainscopeEvent } from '../../events/index.js';
import { confusionImage } from './confusion-image.js';
import { EventFile } from './event-file.js';
import { experimentValue, hparamsOf, sessionEndValue, sessionStartValue } from './hparams.js';
import { histogramRows, histogramsOf } from './histogram-rows.js';
import { findingText, json, table } from './markdown.js';
import { histogramValue, imageValue, scalarValue, textValue, type SummaryValue } from './summaries.js';
import { pluginScalars, type Place } from './tagged.js';

type RunStart = Extract<CoreEvent, { event: 'run-start' }>['data'];
type Values = Readonly<Partial<Record<Place, readonly SummaryValue[]>>>;

/** Turns the events of one run into records of its three folders. */
export class RunWriter {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #files = new Map<Place, EventFile>();
  /** By tag: the text of a step, which a second finding of the same rule in that step is added to. */
  readonly #texts = new Map<string, { readonly step: number; readonly text: string }>();
  /** From where on the files of an earlier process count no more. */
  #restart: number | undefined;
  #isOpened = false;

  constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** False when a part of it was left out. @throws the error of a file that cannot be written */
  write(event: TrainscopeEvent): boolean {
    for (const { failure } of this.#files.values()) if (failure !== undefined) throw failure;
    if (isCoreEvent(event) && event.event === 'resume') this.#goOn(event.time / 1000, event.data.step + 1);
    const seconds = event.time / 1000;
    let isWhole = true;
    for (const [place, values] of Object.entries(this.#valuesOf(event)) as [Place, readonly SummaryValue[]][]) {
      if (values.length > 0) isWhole = this.#file(place, seconds).write(seconds, event.step, values) && isWhole;
    }
    return isWhole;
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.flush()));
  }

  async close(): Promise<void> {
    const results = await Promise.allSettled([...this.#files.values()].map((file) => file.close()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** As TensorFlow's Supervisor tells it: what earlier files have of this step and later is read no more. */
  #goOn(seconds: number, step: number): void {
    this.#restart = step;
    // A folder that this process writes nothing to may hold steps that are lost, too.
    for (const place of ['', 'train', 'validation'] as const) {
      const open = this.#files.get(place);
      if (open === undefined) this.#file(place, seconds);
      else open.restart(seconds, step);
    }
  }

  #file(place: Place, seconds: number): EventFile {
    const known = this.#files.get(place);
    if (known !== undefined) return known;
    const file = new EventFile(join(this.#folder, place), seconds, this.#maxBytes, this.#restart);
    this.#files.set(place, file);
    return file;
  }

  #valuesOf(event: TrainscopeEvent): Values {
    if (isCoreEvent(event)) return this.#coreValues(event);
    const scalars = event.event === 'histogram' ? [] : pluginScalars(event);
    const at = (place: Place): SummaryValue[] => scalars.filter((each) => each.place === place).map(({ tag, value }) => scalarValue(tag, value));
    const histograms = histogramsOf(event).flatMap((histogram) => {
      const tag = `${histogram.kind}/${histogram.name}`;
      return [...(histogram.counts.length === 0 ? [] : [histogramValue(tag, histogramRows(histogram))]), scalarValue(`histogram.nonFinite/${tag}`, histogram.nonFinite)];
    });
    return { train: [...at('train'), ...histograms], validation: [...at('validation'), ...confusionPictures(event)] };
  }

  #coreValues(event: CoreEvent): Values {
    const { event: name, data, step } = event;
    if (name === 'run-start') return { '': this.#opening(event.time / 1000, data) };
    if (name === 'step') return { train: named({ loss: data.loss, ...data.metrics, learning_rate: data.learningRate }, (each) => `batch_${each}`) };
    if (name === 'validation') return { validation: named(data.metrics, (each) => `evaluation_${each}_vs_iterations`) };
    if (name === 'epoch-end') {
      const tagOf = (each: string): string => `epoch_${each}`;
      return { train: named({ ...data.metrics, learning_rate: data.learningRate, number: event.epoch }, tagOf), validation: named(data.validation ?? {}, tagOf) };
    }
    if (name === 'finding') return { '': [this.#text(`finding/${data.rule}`, step, findingText(data))] };
    if (name === 'run-end') return { '': [sessionEndValue(event.time / 1000, data.reason === 'failed' || data.reason === 'aborted' ? 'failure' : 'success')] };
    return {};
  }

  #opening(seconds: number, data: RunStart): readonly SummaryValue[] {
    const { configuration, versions, platform, backend, model, seed, loss, metrics } = data;
    const facts = [['backend', backend.name], ['platform', platform], ...Object.entries(versions), ['seed', seed], ['loss', loss], ['parameters', model.parameters], ['trainable parameters', model.trainableParameters]];
    const layers = model.layers.map(({ name, className, outputShape, parameters }) => [name, className, JSON.stringify(outputShape), parameters]);
    const texts = [
      textValue('run/configuration', json(configuration)),
      textValue('run/environment', table(['what', 'value'], facts)),
      ...(layers.length === 0 ? [] : [textValue('run/model', table(['layer', 'class', 'output shape', 'parameters'], layers))]),
    ];
    if (this.#isOpened) return texts;
    this.#isOpened = true;
    const hparams = hparamsOf({ backend: backend.name, ...(seed === null ? {} : { seed }), ...configuration });
    const columns = ['loss', ...metrics].flatMap((name) => (['train', 'validation'] as const).map((group) => ({ group, tag: `epoch_${name}` })));
    return [...texts, experimentValue(seconds, hparams, columns), sessionStartValue(seconds, hparams, basename(this.#folder))];
  }

  /** Of two texts of one tag and step TensorBoard shows the later one: it holds both. */
  #text(tag: string, step: number, text: string): SummaryValue {
    const earlier = this.#texts.get(tag);
    const whole = earlier?.step === step ? `${earlier.text}\n\n---\n\n${text}` : text;
    this.#texts.set(tag, { step, text: whole });
    return textValue(tag, whole);
  }
}

const named = (values: Readonly<Record<string, unknown>>, tagOf: (name: string) => string): SummaryValue[] =>
  Object.entries(values).map(([name, value]) => scalarValue(tagOf(name), Number(value)));

/** Any event of this name: the plugin confusionMatrix, or one of the user's. */
function confusionPictures({ event, data }: TrainscopeEvent): readonly SummaryValue[] {
  const { matrix, output } = data;
  if (event !== 'confusion-matrix' || !isCounts(matrix)) return [];
  const { png, width, height } = confusionImage(matrix);
  return [imageValue(`confusion-matrix/${typeof output === 'string' ? output : 'output'}`, width, height, png)];
}

const isCounts = (matrix: unknown): matrix is readonly (readonly number[])[] =>
  Array.isArray(matrix) && matrix.length > 0 && matrix.every((row: unknown) => Array.isArray(row) && row.length === matrix.length && row.every((count) => typeof count === 'number'));
