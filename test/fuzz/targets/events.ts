import fc from 'fast-check';
import { coreCatalogue, eventLineSchema, parseEventLine, type TrainscopeEvent } from 'trainscope';
import { builtInPlugins } from 'trainscope/plugins';
import { diagnose, type DiagnoseOptions } from 'trainscope/diagnosis';
import { coreEvents, readEventLine, sentence, toEventLine, type Catalogue, type CoreEvents } from '../../../src/events/index.js';
import { exampleNames, examples } from '../../events/examples.js';
import { reportHtml } from '../../../src/report/html.js';
import { ReportGatherer } from '../../../src/report/gather/report-gatherer.js';
import { eventOfLine } from '../../../src/report/gather/wire-event.js';
import { kernel, layer, output, statistics } from '../../diagnosis/rules/run.js';
import { hostileData, hostileNames, hostileValue } from '../hostile.js';
import { mutated, spliced } from '../mutate.js';
import { faultOf } from '../judge.js';
import { Broken, target } from '../target.js';

const envelope = { v: 1, runId: 'fuzz', seq: 7, time: 1_704_067_200_000, plugin: null, epoch: 1, step: 3, level: 'info' };
const classes = { count: 3, topPredicted: 0.5, topLabel: 0.4, labelEntropy: 1, agreement: 0.6, chance: 0.3 };
const wholeStatistics = statistics({ outputs: [output(0.8, { classes })], times: { data: 1, total: 100, loop: 90 } });

/** An example of every core event, what the diagnosis measures, and an event of nobody's. */
const events: readonly Record<string, unknown>[] = [
  ...exampleNames.map((name) => ({ ...envelope, event: name, data: examples[name] })),
  { ...envelope, event: 'training-statistics', plugin: 'diagnosis', data: wholeStatistics },
  { ...envelope, event: 'of-nobody', plugin: 'nobody', data: { numbers: [1, NaN, 'NaN'], inner: { a: null } } },
];

/** As on the wire: numbers that JSON lacks are strings. JSON itself makes null of them, which a line may hold as well. */
const onWire = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value, (_, each: unknown) => (typeof each === 'number' && !Number.isFinite(each) ? String(each) : each)));

const tokens: readonly string[] = ['"', '\\', '{', '}', '[', ']', ',', ':', 'null', 'NaN', '1e999', '-0', '"v":2,', '"event":"step",', '"data":null,', '"__proto__":{"x":1},', '"seq":-1,', '"level":30,', '"time":"2024-01-01T00:00:00Z",', '"time":"x",', '\\u0000', '\\ud800', '\n', '\r', '\u2028', '\uFEFF', ' ', ...hostileNames];
const line = fc.oneof(
  { weight: 6, arbitrary: mutated(events, hostileData).map(onWire) },
  { weight: 3, arbitrary: spliced(mutated(events, hostileData).map(onWire), tokens) },
  { weight: 1, arbitrary: fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constantFrom('[', '{"data":').chain((sign) => fc.constantFrom(100, 20_000).map((count) => sign.repeat(count)))) },
);

const wide: Catalogue<CoreEvents> = Object.values(builtInPlugins).reduce<Catalogue<CoreEvents>>((all, { pluginName, events: own }) => all.with(own as never, { owner: pluginName }), coreCatalogue);

/** An event that was read can be written and read again, and a person be told of it. */
function readBack(event: TrainscopeEvent): void {
  const again = toEventLine(event);
  if (!eventLineSchema.safeParse(JSON.parse(again)).success) throw new Broken('an event that was read is written as something that is none');
  if (toEventLine(readEventLine(again, wide).event) !== again) throw new Broken('an event that was read, written and read again is another');
  if (coreCatalogue.has(event.event) && sentence(event).trim() === '') throw new Broken('an event without a sentence');
}

/** A run: its beginning, measurements and epochs with losses as they come, its end; events in between are mutated. */
const story = fc
  .record({
    losses: fc.array(fc.oneof({ weight: 3, arbitrary: fc.double({ min: 0, max: 10, noNaN: true }) }, { weight: 1, arbitrary: fc.double() }, { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, 1e308, -1e308, 0, 5e-324) }), { maxLength: 30 }),
    validation: fc.boolean(),
    statistics: mutated([wholeStatistics, statistics({ layers: { a: layer({ activation: 'tanh', deadUnits: NaN }) }, weights: { 'a/kernel': kernel({ norm: 0, gradientNorm: null }) }, outputs: [] })], hostileData),
    strangers: fc.array(fc.tuple(fc.nat(), mutated(events, hostileData)), { maxLength: 5 }),
    stride: fc.constantFrom(1, 10, 0, -1, 1e15),
  })
  .map(({ losses, validation, statistics: measured, strangers, stride }) => {
    const at = (event: string, i: number, data: unknown): Record<string, unknown> => ({ ...envelope, seq: i + 1, event, step: stride * i, epoch: i, data });
    const all: unknown[] = [at('run-start', 0, examples['run-start'])];
    for (const [i, loss] of losses.entries()) {
      all.push(at('step', i + 1, { ...examples.step, loss }));
      all.push(at('training-statistics', i + 1, typeof measured === 'object' && measured !== null ? { ...measured, loss } : measured));
      all.push(at('epoch-end', i + 1, { ...examples['epoch-end'], metrics: { loss }, validation: validation ? { loss: 2 * loss } : null }));
    }
    for (const [place, event] of strangers) all.splice(place % (all.length + 1), 0, event);
    return all.map(onWire);
  });

function readAll(lines: readonly string[]): TrainscopeEvent[] {
  return lines.flatMap((each) => {
    try {
      return [readEventLine(each).event];
    } catch {
      // Lines that are no events are the matter of another target.
      return [];
    }
  });
}

const diagnoseOptions: readonly unknown[] = [{}, { skip: ['loss-rising'], irreducible: 0.1, test: 0.5 }];

export const eventTargets = [
  target({
    name: 'event line',
    share: 20,
    sound: () => events.slice(0, exampleNames.length).map(onWire),
    values: line,
    attempt: (given) => {
      const read = readEventLine(given, wide);
      readBack(read.event);
      readBack(parseEventLine(given));
    },
  }),
  target({
    name: 'diagnosis of a log',
    share: 8,
    sound: () => [events.map(onWire)],
    values: story,
    attempt: (lines) => {
      const { findings, all } = diagnose(readAll(lines));
      for (const each of [...findings, ...all]) if (!coreEvents.finding.safeParse(each).success) throw new Broken(`the finding ${each.rule} does not fit the event`);
    },
  }),
  target({
    name: 'report of a log',
    share: 8,
    sound: () => [events.map(onWire)],
    values: story,
    attempt: (lines) => {
      const [byShape, whole] = [new ReportGatherer({ title: '', source: 'log' }), new ReportGatherer({ title: '', source: 'log' })];
      for (const each of lines) {
        byShape.line(each);
        const event = eventOfLine(each);
        if (event !== undefined) whole.event(event);
      }
      const model = byShape.model();
      const text = JSON.stringify(model.runs.map((run) => ({ ...run, log: { ...run.log, otherLines: 0 } })));
      if (text !== JSON.stringify(whole.model().runs)) throw new Broken('lines read by their shape give another report than as JSON');
      if (/[^"]\b(NaN|Infinity)\b[^"]/.test(text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""'))) throw new Broken('a number that JSON does not have');
      reportHtml(model);
    },
  }),
  target({
    name: 'diagnosis calls',
    share: 1,
    sound: () => diagnoseOptions.map((options) => ({ events: readAll(events.map(onWire)), options, line: '' })),
    values: fc.record({ events: fc.oneof(fc.constant([]), story.map(readAll), fc.array(hostileValue, { maxLength: 4 }), hostileValue), options: fc.oneof(mutated(diagnoseOptions, hostileValue)), line: hostileValue }),
    attempt: ({ events: given, options, line: noLine }) => {
      refused(() => readEventLine(noLine as string));
      diagnose(given as TrainscopeEvent[], options as DiagnoseOptions);
    },
  }),
];

/** Goes on after a refusal; whatever else is thrown ends the run. */
function refused(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (faultOf(error) !== undefined) throw error;
  }
}
