/** The parts of the documentation that are made from the schemas that the code itself checks with. */
import type { z } from 'zod';
import { longFormSchema } from '../../src/config/plugin-entries.js';
import { formSchema } from '../../src/config/settings.js';
import { coreCatalogue, eventLineSchema } from '../../src/events/index.js';
import { reduceOnPlateauOptions, scheduleKinds, scheduleSpec } from '../../src/schedules/index.js';
import type { LabelForm, LabelValues } from '../../src/trainer/loss/loss.js';
import { definitionOf, lossNames } from '../../src/trainer/loss/loss-names.js';
import { metricDefinitions } from '../../src/trainer/metrics/metric-names.js';
import { optimizerSchemas } from '../../src/trainer/optimizer/optimizer-schema.js';
import { fitSettingsSchema, trainerSettingsSchema } from '../../src/trainer/options.js';
import { builtInPlugins } from '../../plugins/index.js';
import { fieldsOf, jsonSchemaOf } from './schema-text.js';
import { eventSections, fieldTable, optionRows, optionTable, table } from './tables.js';

/** `gradientNorm` lives on the page `gradient-norm`. */
export const kebab = (name: string): string => name.replace('NaN', 'Nan').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const code = (text: string): string => `\`${text}\``;

type PluginName = keyof typeof builtInPlugins;
const isPlugin = (name: string): name is PluginName => name in builtInPlugins;

function pluginNamed(name: string): (typeof builtInPlugins)[PluginName] {
  if (!isPlugin(name)) throw new Error(`there is no built-in plugin ${name}`);
  return builtInPlugins[name];
}

const plugins = (folder: string): string =>
  table(
    ['plugin', 'role', 'what it does', 'its events'],
    Object.entries(builtInPlugins).map(([name, { summary, role, events }]) => [`[${name}](${folder}plugins/${kebab(name)}.md)`, role, summary, Object.keys(events).map(code).join(', ')]),
  );

const pluginEvents = (name: string): string => eventSections(Object.entries(pluginNamed(name).events).map(([event, schema]) => ({ name: event, schema })));

const coreEvents = (): string => eventSections(coreCatalogue.names.map((name) => ({ name, schema: coreCatalogue.schema(name as 'step'), level: coreCatalogue.level(name as 'step') })));

const allPluginEvents = (): string =>
  table(
    ['event', 'plugin', 'what it tells'],
    Object.entries(builtInPlugins).flatMap(([name, { events }]) =>
      Object.entries<z.ZodType>(events).map(([event, schema]) => [`[${event}](plugins/${kebab(name)}.md#${event})`, name, schema.description ?? '']),
    ),
  );

const losses = (): string =>
  table(
    ['loss', 'labels', 'values of the labels', 'options'],
    lossNames.map((name) => {
      const { form, values, options } = definitionOf(name);
      return [code(name), labelForms[form], labelValues[values], options.map(code).join(', ')];
    }),
  );

const labelForms: Readonly<Record<LabelForm, string>> = {
  same: 'the shape of the predictions',
  distribution: 'the shape of the predictions, classes along the last axis',
  class: 'class numbers: the shape of the predictions without the last axis, or with a last axis of 1',
  free: 'any',
};

const labelValues: Readonly<Record<LabelValues, string>> = { class: '0 to classes - 1', probability: '0 to 1', 'non-negative': '0 and above', sign: '-1 and 1', any: 'any' };

const metrics = (): string => table(['metric', 'options'], Object.entries(metricDefinitions).map(([name, { options }]) => [code(name), options.map(code).join(', ')]));

const optimizers = (): string =>
  table(
    ['optimizer', 'options and their defaults'],
    Object.entries(optimizerSchemas).map(([name, schema]) => [
      code(name),
      fieldsOf(jsonSchemaOf(schema), { deep: false })
        .filter((field) => field.name !== 'name')
        .map((field) => `${code(field.name)}${field.default === undefined ? '' : ` ${JSON.stringify(field.default)}`}`)
        .join(', '),
    ]),
  );

/** Every schedule with its options; those that hold schedules take them under `schedule`, `schedules` and `factors`. */
const schedules = (): string =>
  scheduleKinds
    .map((kind) => {
      const option = scheduleSpec.options.find(({ shape }) => shape.kind.value === kind);
      const json = jsonSchemaOf(option as z.ZodType);
      // A schema that holds itself is written as a reference into its own definitions.
      const whole = json.$ref === undefined ? json : (json.$defs?.[json.$ref.replace('#/$defs/', '')] ?? json);
      const { kind: _, ...properties } = whole.properties ?? {};
      return `### ${kind}\n\n${optionRows({ ...whole, properties })}`;
    })
    .join('\n\n');

/** All that can be generated, by the word in its marker and the argument behind it. */
export const generatedParts: Readonly<Record<string, (argument: string) => string>> = {
  plugins,
  'plugin-options': (name) => optionTable(pluginNamed(name).options),
  'plugin-events': pluginEvents,
  'trainer-settings': () => optionTable(trainerSettingsSchema),
  'fit-settings': () => optionTable(fitSettingsSchema),
  envelope: () => fieldTable(eventLineSchema),
  'core-events': coreEvents,
  'all-plugin-events': allPluginEvents,
  losses,
  metrics,
  optimizers,
  schedules,
  'reduce-on-plateau': () => optionTable(reduceOnPlateauOptions),
  'config-settings': () => optionTable(formSchema),
  'config-plugin': () => optionTable(longFormSchema),
};
