import { builtInPlugins } from '../../plugins/index.js';
import { coreCatalogue, type Catalogue } from '../events/index.js';

/** JSON Schema (2020-12) of a line of a log, with the events of the built-in plugins. */
export function eventsJsonSchema(): object {
  const catalogue = Object.values(builtInPlugins).reduce<Catalogue<unknown>>((all, { pluginName, events }) => all.with(events as never, { owner: pluginName }), coreCatalogue);
  return catalogue.jsonSchema();
}
