import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { chooseBackend } from '../../../src/backend/index.js';

it('wasm leaves no handler of uncaught exceptions or unhandled rejections in the process', async () => {
  const count = (): number[] => [process.listenerCount('uncaughtException'), process.listenerCount('unhandledRejection')];
  const before = count();
  await chooseBackend('wasm');
  expect(count()).toEqual(before);
});

it('an uncaught error of a program on wasm prints itself and not the wasm module', () => {
  const program = `import { chooseBackend } from './src/backend/index.js'; await chooseBackend('wasm'); throw new Error('mine');`;
  let printed = '';
  try {
    execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], { stdio: 'pipe' });
  } catch (error) {
    printed = String((error as { stderr: unknown }).stderr);
  }
  expect(printed).toMatch(/Error: mine/);
  expect(printed.length).toBeLessThan(4000);
});
