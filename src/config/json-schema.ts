import { z } from 'zod';
import type { AnyPluginFactory } from '../plugin/index.js';
import { knownLossNames, lossConfigSchema } from '../trainer/loss/index.js';
import { knownMetricNames, metricConfigSchema } from '../trainer/metrics/index.js';
import { optimizerConfigSchema, optimizerNames } from '../trainer/optimizer/index.js';
import { longFormSchema, type PluginRegistry } from './plugin-entries.js';
import { formSchema } from './settings.js';
import { sinkSchema } from './sink-entries.js';

/**
 * JSON Schema (2020-12) of a config file with these plugins, for editors: completion, descriptions and what is wrong
 * while one types. It knows the names of losses, metrics and optimizers as they are listed, and not the other ways in
 * which they may be written (`mean_squared_error`), so that a slip shows.
 */
export function configJsonSchema(registry: PluginRegistry): Record<string, unknown> {
  const oneLoss = z.union([z.enum(knownLossNames), named(lossConfigSchema, knownLossNames)]);
  const oneMetric = z.union([z.enum(knownMetricNames), named(metricConfigSchema, knownMetricNames)]);
  const metrics = z.union([oneMetric, z.array(oneMetric)]);
  const schema = z.strictObject({
    ...formSchema.shape,
    seed: formSchema.shape.seed.describe(`${formSchema.shape.seed.description ?? ''} In a config it adds the plugin seed, where that is not listed.`),
    optimizer: z.union([z.enum(optimizerNames), optimizerConfigSchema]).optional().describe('Default: adam at 0.001.'),
    loss: z.union([oneLoss, z.array(oneLoss).min(1), z.record(z.string(), oneLoss)]).optional().describe("One for all outputs, or one for each: in the model's order or by the outputs' names."),
    metrics: z.union([metrics, z.record(z.string(), metrics)]).optional().describe("Of every output, or by the outputs' names."),
    plugins: z.array(pluginItem(registry)).optional().describe('In the order in which their hooks are called.'),
    sinks: z.array(sinkSchema).optional().describe('Where events go.'),
  });
  // Options of plugins from elsewhere may hold what JSON Schema has no words for.
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { $schema, title: 'A config of trainscope', ...rest };
}

/** The schema with the known names for its field `name`. */
const named = (schema: z.ZodObject, names: readonly string[]): z.ZodObject => schema.extend({ name: z.enum(names) });

function pluginItem(registry: PluginRegistry): z.ZodType {
  const factories = Object.entries(registry);
  const bare = factories.flatMap(([name, factory]) => (needsNoOptions(factory) ? [z.literal(name).describe(factory.summary)] : []));
  const withOptions = factories.map(([name, factory]) => z.strictObject({ [name]: optionsOf(factory) }).describe(factory.summary));
  const long = factories.map(([name, factory]) =>
    longFormSchema.omit({ export: true }).extend({ use: z.literal(name), options: needsNoOptions(factory) ? optionsOf(factory).optional() : factory.options }).describe(factory.summary),
  );
  const notOurs = { not: { enum: Object.keys(registry) } };
  const elsewhere = longFormSchema.extend({ use: longFormSchema.shape.use.meta({ ...notOurs, description: 'An installed package, or a file in the folder of the config: ./my-plugin.js.' }) });
  return z.union([...bare, ...withOptions, ...long, elsewhere.describe('A plugin from a package or a file.')]);
}

const needsNoOptions = ({ options }: AnyPluginFactory): boolean => options.safeParse({}).success;

/** `gpuProfiler:` with nothing behind it stands for no options. */
const optionsOf = (factory: AnyPluginFactory): z.ZodType => (needsNoOptions(factory) ? z.union([factory.options, z.null()]) : factory.options);
