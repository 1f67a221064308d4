import type { ConfigProblem } from '../../errors.js';
import { problemsOf } from '../../plugin/problems.js';
import { unknownName, type CodedProblem } from '../spec-problems.js';
import { defaultDelta, definitionOf, knownLossNames, lossConfigSchema, lossNamed, type LossConfig, type LossName } from './loss-names.js';
import type { LossFunction, OutputLoss, OutputSpec } from './loss.js';

/** A loss of one output: a name, a name with options, or a function. The bare string type keeps names from files welcome. */
export type LossEntry = LossName | (string & {}) | LossConfig | LossFunction;

/** A loss made ready for an output, or the problems with it. */
export function resolveLoss(
  entry: LossEntry,
  output: OutputSpec,
  weight: number,
  path: ConfigProblem['path'],
): { readonly loss: OutputLoss } | { readonly problems: readonly CodedProblem[] } {
  if (typeof entry === 'function') {
    const name = entry.name === '' ? 'custom' : entry.name;
    return { loss: { output, name, fn: entry, form: 'free', values: 'any', fromLogits: false, custom: true, weight } };
  }
  const parsed = lossConfigSchema.safeParse(typeof entry === 'string' ? { name: entry } : entry);
  if (!parsed.success) {
    const problems = problemsOf(parsed.error, lossConfigSchema);
    return { problems: problems.map((problem) => ({ ...problem, path: [...path, ...problem.path], code: 'OPTIONS_INVALID' as const })) };
  }
  const named = lossNamed(parsed.data.name);
  if (named === undefined) return { problems: [unknownName('LOSS_UNKNOWN', 'loss', parsed.data.name, knownLossNames, path)] };
  const config = { ...parsed.data, ...named };
  const definition = definitionOf(named.name);
  const problems: CodedProblem[] = [];
  for (const option of ['fromLogits', 'delta'] as const) {
    if (config[option] !== undefined && config[option] !== false && !definition.options.includes(option)) {
      problems.push({ code: 'OPTIONS_INVALID', path: [...path, option], message: `${named.name} has no option "${option}"` });
    }
  }
  if (parsed.data.fromLogits === false && named.fromLogits === true) {
    problems.push({
      code: 'OPTIONS_INVALID',
      path: [...path, 'fromLogits'],
      message: `"${parsed.data.name}" is from logits by name; use "${named.name}" with fromLogits: false`,
    });
  }
  if (definition.needsClasses && output.shape?.at(-1) === 1) {
    const sure = output.activation === 'softmax' ? ' (a softmax over one number is always 1)' : '';
    problems.push({
      code: 'LOSS_OUTPUT_MISMATCH',
      path,
      message:
        `output "${output.name}" is 1 wide, and ${named.name} of one class is always 0${sure}; use binaryCrossentropy with one sigmoid ` +
        'for two classes, or give the output one number a class',
    });
  }
  if (problems.length > 0) return { problems };
  const fromLogits = config.fromLogits ?? false;
  return {
    loss: {
      output,
      name: named.name,
      fn: definition.make({ fromLogits, delta: config.delta ?? defaultDelta }),
      form: definition.form,
      values: definition.values,
      fromLogits,
      custom: false,
      weight,
    },
  };
}
