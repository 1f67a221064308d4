/**
 * Writes schema/config.schema.json (of config files, for editors) and schema/events.schema.json (of a line of a log,
 * with the events of the built-in plugins).
 *
 *     npm run schemas
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtInPlugins } from '../plugins/index.js';
import { configJsonSchema } from '../src/config.js';
import { coreCatalogue, type Catalogue } from '../src/events/index.js';

/** Name of the file -> its text. */
export function schemaFiles(): Readonly<Record<string, string>> {
  const catalogue = Object.values(builtInPlugins).reduce<Catalogue<unknown>>((all, { pluginName, events }) => all.with(events as never, { owner: pluginName }), coreCatalogue);
  const text = (schema: unknown): string => `${JSON.stringify(schema, undefined, 2)}\n`;
  return { 'config.schema.json': text(configJsonSchema()), 'events.schema.json': text(catalogue.jsonSchema()) };
}

export const schemaFolder = fileURLToPath(new URL('../schema', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(schemaFolder, { recursive: true });
  for (const [name, text] of Object.entries(schemaFiles())) writeFileSync(join(schemaFolder, name), text);
}
