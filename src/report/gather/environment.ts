import type { JsonRecord } from '../../events/index.js';
import type { Environment } from '../model.js';
import { listIn, numberIn, recordIn, textIn } from './wire-event.js';

const shapeText = (shape: unknown): string => (Array.isArray(shape) ? (shape.some((each) => Array.isArray(each)) ? shape.map(shapeText).join(', ') : `[${shape.map((each) => (each === null ? 'batch' : String(each))).join(', ')}]`) : '');

/** What ran, where and how it was configured, from run-start; null for a log without one. */
export function environmentOf(start: Readonly<Record<string, unknown>> | undefined): { readonly environment: Environment | null; readonly configuration: JsonRecord } {
  if (start === undefined) return { environment: null, configuration: {} };
  const backend = recordIn(start['backend']);
  const model = recordIn(start['model']);
  const environment: Environment = {
    versions: Object.fromEntries(Object.entries(recordIn(start['versions'])).map(([name, version]) => [name, String(version)])),
    platform: textIn(start['platform']) ?? '',
    backend: textIn(backend['name']) ?? '',
    refusals: listIn(backend['refusals']).map((each) => ({ backend: textIn(recordIn(each)['backend']) ?? '', reason: textIn(recordIn(each)['reason']) ?? '' })),
    notes: listIn(backend['notes']).map(String),
    seed: numberIn(start['seed']) ?? null,
    loss: textIn(start['loss']) ?? '',
    optimizer: recordIn(start['optimizer']) as JsonRecord,
    model: {
      kind: textIn(model['kind']) ?? '',
      parameters: numberIn(model['parameters']) ?? 0,
      trainableParameters: numberIn(model['trainableParameters']) ?? 0,
      layers: listIn(model['layers']).map((given) => {
        const { name, className, outputShape, parameters } = recordIn(given);
        return { name: textIn(name) ?? '', className: textIn(className) ?? '', outputShape: shapeText(outputShape), parameters: numberIn(parameters) ?? 0 };
      }),
    },
    plugins: listIn(start['plugins']).map((given) => {
      const { name, role, options } = recordIn(given);
      return { name: textIn(name) ?? '', role: textIn(role) ?? '', options: recordIn(options) as JsonRecord };
    }),
  };
  return { environment, configuration: recordIn(start['configuration']) as JsonRecord };
}
