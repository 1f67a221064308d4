import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { colours as pc } from './colours.js';
import { builtInPlugins } from '../../plugins/index.js';
import { ConfigError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import type { AnyPluginFactory } from '../plugin/index.js';
import { writeJson, writeOut } from './output.js';
import type { PluginsOptions } from './plugins.js';
import { fieldsOf, jsonSchemaOf, type Field } from './schema-text.js';
import { wrapped } from './wrapped.js';

const registry: Readonly<Record<string, AnyPluginFactory>> = builtInPlugins;

const docs = new URL(import.meta.url.includes('/dist/') ? '../../../docs/plugins/' : '../../docs/plugins/', import.meta.url);

/** `gradientNorm` has the page gradient-norm.md. */
const pageOf = (name: string): string => fileURLToPath(new URL(`${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.md`, docs));

const brief = (name: string, { summary, role, events }: AnyPluginFactory): object => ({ name, role, summary, events: Object.keys(events) });

export async function showPlugins(name: string | undefined, { json = false }: PluginsOptions): Promise<void> {
  if (name === undefined) {
    const all = Object.entries(registry);
    if (json) await writeJson({ plugins: all.map(([each, factory]) => brief(each, factory)) });
    else await writeOut(listText(all));
    return;
  }
  const factory = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (factory === undefined) {
    const names = Object.keys(registry);
    const near = didYouMean(name, names);
    throw new ConfigError('OPTIONS_INVALID', { found: `there is no built-in plugin "${name}"`, expected: `there are ${names.join(', ')}`, ...(near === '' ? {} : { remedy: near }) });
  }
  const page = pageOf(name);
  if (json) await writeJson({ ...brief(name, factory), options: jsonSchemaOf(factory.options), events: Object.fromEntries(Object.entries(factory.events).map(([event, schema]) => [event, jsonSchemaOf(schema)])), codeOnly: factory.codeOnly ?? [], docs: page });
  else await writeOut(pluginText(name, factory, page));
}

function listText(all: readonly (readonly [string, AnyPluginFactory])[]): string {
  const width = Math.max(...all.map(([name]) => name.length));
  const lines = all.map(([name, { summary, role }]) => wrapped(summary, `${pc.bold(name)}${' '.repeat(width - name.length + 2)}${pc.dim(role.padEnd(9))}`, ' '.repeat(width + 11)));
  return `${[...lines, '', `${pc.dim('observe: it only looks. steer: it may change the training. More on one:')} trainscope plugins NAME`].join('\n')}\n`;
}

/** Types are told as in the documentation, without the marks of Markdown. */
const plain = (text: string): string => text.replaceAll('`', '');

function fieldText({ name, type, required, default: preset, description }: Field, isCodeOnly = false): string {
  const notes = [plain(type), ...(required ? ['required'] : preset === undefined ? [] : [`default ${JSON.stringify(preset)}`]), ...(isCodeOnly ? ['in code alone'] : [])].join('; ');
  return `  ${pc.bold(name)}  ${pc.dim(notes)}${description === '' ? '' : `\n${wrapped(plain(description), '      ')}`}`;
}

function pluginText(name: string, { summary, role, options, events, codeOnly = [] }: AnyPluginFactory, page: string): string {
  const fields = fieldsOf(jsonSchemaOf(options));
  const told = Object.entries(events).map(([event, schema]) => `  ${pc.bold(event)}\n${wrapped(plain(schema.description ?? ''), '      ')}\n${wrapped(fieldsOf(jsonSchemaOf(schema), { deep: false }).map((field) => field.name).join(', '), '      { ', '        ')} }`);
  const sample = sampleOf(name, options, codeOnly);
  return `${[
    `${pc.bold(name)} ${pc.dim(`(${role})`)}`,
    wrapped(summary, '  '),
    '',
    pc.underline('Options'),
    ...(fields.length === 0 ? ['  none'] : fields.map((field) => fieldText(field, codeOnly.includes(field.name)))),
    '',
    pc.underline('Events'),
    ...(told.length === 0 ? ['  none of its own'] : told),
    '',
    pc.underline('In a config file'),
    ...(sample === undefined ? [`  It is attached in code: ${name} from trainscope/plugins.`] : sample.split('\n').map((line) => `  ${line}`)),
    ...(existsSync(page) ? ['', pc.dim(relative(process.cwd(), page))] : []),
  ].join('\n')}\n`;
}

/** A config with the plugin: what is required in it, else its first options as they are by default. Undefined where a config cannot hold it. */
export function sampleOf(name: string, schema: AnyPluginFactory['options'], codeOnly: readonly string[] = []): string | undefined {
  const required = requiredOf[name];
  const fields = fieldsOf(jsonSchemaOf(schema));
  if (fields.some((field) => field.required && codeOnly.includes(field.name))) return undefined;
  const options = fields.filter(({ default: preset, name: field }) => preset !== undefined && !/[.[]/.test(field)).slice(0, 3);
  const told = required ?? options.map(({ name: field, default: preset }) => `${field}: ${JSON.stringify(preset)}`).join(', ');
  return told === '' ? `plugins:\n  - ${name}` : `plugins:\n  - ${name}: { ${told} }`;
}

/** Of plugins that cannot do without: values to begin with. */
const requiredOf: Readonly<Record<string, string>> = {
  seed: 'seed: 1',
  lrScheduler: 'schedule: { kind: cosine, tMax: 20 }',
  modelCheckpoint: 'filepath: model, saveBestOnly: true',
  augmentation: 'transforms: [{ kind: flip }]',
};
