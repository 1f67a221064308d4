import type { JsonRecord } from '../../events/index.js';
import type { Environment } from '../model.js';
import { copiedRecordIn, listIn, numberIn, recordIn, textIn, wordsIn } from './wire-event.js';

const shapeText = (shape: unknown): string => {
  const sizes = listIn(shape);
  // A layer with several outputs has a list of shapes.
  return sizes.some((each) => Array.isArray(each)) ? sizes.map((each) => sizeText(each)).join(', ') : sizeText(shape);
};
const sizeText = (shape: unknown): string => `[${listIn(shape).map((each) => (each === null ? 'batch' : wordsIn(each))).join(', ')}]`;

/** What ran, where and how it was configured, from run-start; null for a log without one. */
export function environmentOf(start: Readonly<Record<string, unknown>> | undefined): { readonly environment: Environment | null; readonly configuration: JsonRecord } {
  if (start === undefined) return { environment: null, configuration: {} };
  const backend = recordIn(start['backend']);
  const model = recordIn(start['model']);
  const environment: Environment = {
    versions: Object.fromEntries(Object.entries(recordIn(start['versions'])).map(([name, version]) => [name, wordsIn(version)])),
    platform: textIn(start['platform']) ?? '',
    backend: textIn(backend['name']) ?? '',
    refusals: listIn(backend['refusals']).map((each) => ({ backend: textIn(recordIn(each)['backend']) ?? '', reason: textIn(recordIn(each)['reason']) ?? '' })),
    notes: listIn(backend['notes']).map(wordsIn),
    seed: numberIn(start['seed']) ?? null,
    loss: textIn(start['loss']) ?? '',
    optimizer: copiedRecordIn(start['optimizer']),
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
      return { name: textIn(name) ?? '', role: textIn(role) ?? '', options: copiedRecordIn(options) };
    }),
  };
  return { environment, configuration: copiedRecordIn(start['configuration']) };
}
