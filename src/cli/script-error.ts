import { errorCodes, TrainscopeError, type ErrorCode } from '../errors.js';

/** What a person can do about an error of loading, where the error itself does not say. */
function hint(message: string): string {
  if (message.includes('Top-level await is currently not supported')) return 'Say "type": "module" in package.json, or name the file .mjs or .mts.';
  if (message.includes('No backend found in registry')) return 'The script makes tensors before there is a backend: give the model as a function, or write `await chooseBackend()` first.';
  return '';
}

/** By its code, not by its class: a script may have another copy of this package than the command that loads it. */
const codeOf = (error: unknown): ErrorCode => {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return errorCodes.find((each) => each === code) ?? 'SCRIPT_FAILED';
};

/** The error of a script with the places of the script that it comes from. */
export function scriptError(error: unknown, path: string): TrainscopeError {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  const places = (stack ?? '').split('\n').filter((line) => line.includes(path)).slice(0, 3);
  const more = [hint(message), ...places].filter((line) => line !== '').join('\n');
  return new TrainscopeError(codeOf(error), { found: message === '' ? 'the script throws an error without a message' : message, ...(more === '' ? {} : { remedy: more }), cause: error });
}

export const noTraining = (script: string): TrainscopeError =>
  new TrainscopeError('SCRIPT_NO_TRAINING', {
    found: `${script} has no training: it exports no experiment ({ model, loss, data }) as its default, and called fit() of no Trainer or LayersModel`,
    remedy: 'Write `export default defineExperiment({ model, loss, data })`, with defineExperiment from trainscope/diagnosis.',
  });
