import { z } from 'zod';
import { BackendError, ConfigError } from '../errors.js';
import { didYouMean } from '../nearest-name.js';
import { listProblems, problemsOf, showValue } from '../problems.js';
import { backendNames, type BackendName } from './candidate.js';

const options = z.strictObject({
  load: z.custom((value) => typeof value === 'function', { message: 'expected a function' }).optional(),
  webgpu: z
    .strictObject({
      powerPreference: z.enum(['high-performance', 'low-power']).optional(),
      adapter: z.string().optional(),
      dawn: z.array(z.string()).optional(),
    })
    .optional(),
});

/** Throws ConfigError OPTIONS_INVALID with all problems. */
export function checkChooseOptions(given: unknown): void {
  const parsed = options.safeParse(given);
  if (parsed.success) return;
  const problems = problemsOf(parsed.error, options, given);
  throw new ConfigError('OPTIONS_INVALID', {
    found: `the options of chooseBackend are invalid: ${listProblems(problems)}`,
    remedy: 'Correct them, or leave them out.',
    problems,
  });
}

/** What others call them. */
const otherNames: Readonly<Record<string, BackendName>> = { gpu: 'tfjs-node-gpu', cuda: 'tfjs-node-gpu', 'node-gpu': 'tfjs-node-gpu', 'tfjs-gpu': 'tfjs-node-gpu', tensorflow: 'tfjs-node', node: 'tfjs-node', webassembly: 'wasm', js: 'cpu' };

const isBackendName = (name: string): name is BackendName => (backendNames as readonly string[]).includes(name);

/** Throws BackendError BACKEND_UNKNOWN. Names come from config files and the command line as well. */
export function checkBackendName(given: unknown): 'auto' | BackendName {
  if (given === 'auto' || (typeof given === 'string' && isBackendName(given))) return given;
  const known = ['auto', ...backendNames];
  const other = typeof given === 'string' ? otherNames[given.toLowerCase()] : undefined;
  const near = typeof given !== 'string' ? 'Give the name as text.' : other === undefined ? didYouMean(given, known) : `Did you mean "${other}"?`;
  throw new BackendError('BACKEND_UNKNOWN', {
    found: `${typeof given === 'string' ? JSON.stringify(given) : showValue(given)} is not a backend`,
    expected: `known are ${known.join(', ')}`,
    ...(near === '' ? {} : { remedy: near }),
  });
}
