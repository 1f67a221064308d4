import { expect, test } from 'vitest';
import { chooseBackend, type BackendName, type ChooseBackendOptions } from '../../src/backend/index.js';
import { BackendError, ConfigError } from '../../src/errors.js';

const thrown = (choice: unknown, options?: unknown): Promise<unknown> =>
  chooseBackend(choice as BackendName, options as ChooseBackendOptions).then(() => undefined, (error: unknown) => error);

test.each([
  [null, 'nothing (null)'], [3, '3'], [{}, 'an object'], [['wasm'], 'an array of 1'], [Symbol('wasm'), 'Symbol(wasm)'], ['', '""'], [['auto'], 'an array of 1'],
])('the name %s is BACKEND_UNKNOWN and says what was found', async (name, found) => {
  const error = await thrown(name);
  expect(error).toBeInstanceOf(BackendError);
  expect(error).toMatchObject({ code: 'BACKEND_UNKNOWN', found: `${found} is not a backend`, expected: 'known are auto, tfjs-node-gpu, tfjs-node, webgpu, wasm, cpu' });
});

test.each<[string, unknown, string]>([
  ['null', null, 'found nothing (null), expected an object'],
  ['webgpu: null', { webgpu: null }, 'webgpu: found nothing (null), expected an object'],
  ['an unknown power preference', { webgpu: { powerPreference: 'low' } }, 'webgpu.powerPreference: found "low", expected one of high-performance, low-power'],
  ['an adapter that is a number', { webgpu: { adapter: 5 } }, 'webgpu.adapter: found 5, expected text'],
  ['dawn as text', { webgpu: { dawn: 'backend=vulkan' } }, 'webgpu.dawn: found "backend=vulkan", expected an array'],
  ['load that is no function', { load: 'x' }, 'load: expected a function'],
  ['a mistyped key', { webgpus: {} }, 'unknown key "webgpus" (did you mean "webgpu"?)'],
  ['a mistyped key below', { webgpu: { adaptor: 'x' } }, 'webgpu: unknown key "adaptor" (did you mean "adapter"?)'],
])('options: %s are OPTIONS_INVALID', async (_, options, problem) => {
  const error = await thrown('cpu', options);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({ code: 'OPTIONS_INVALID', found: `the options of chooseBackend are invalid: ${problem}` });
});

test('options that are left out or undefined are none', async () => {
  expect((await chooseBackend('cpu', { webgpu: { adapter: undefined } } as unknown as ChooseBackendOptions)).backend).toBe('cpu');
});
