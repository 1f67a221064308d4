import { describe, expect, test } from 'vitest';
import { coloursWanted } from '../../src/cli/colours.js';

const [terminal, pipe] = [{ isTTY: true }, {}];
const having = (env: NodeJS.ProcessEnv, ...argv: string[]): Pick<NodeJS.Process, 'env' | 'argv'> => ({ env, argv: ['node', 'trainscope', ...argv] });

describe('colours', () => {
  test.each([
    ['a terminal', terminal, having({}), true],
    ['a pipe', pipe, having({}), false],
    ['a pipe of a build server', pipe, having({ CI: 'true' }), false],
    ['a terminal that knows none', terminal, having({ TERM: 'dumb' }), false],
    ['NO_COLOR', terminal, having({ NO_COLOR: '1' }), false],
    ['an empty NO_COLOR', terminal, having({ NO_COLOR: '' }), true],
    ['--no-color', terminal, having({ FORCE_COLOR: '1' }, 'plugins', '--no-color'), false],
    ['FORCE_COLOR in a pipe', pipe, having({ FORCE_COLOR: '1' }), true],
    ['FORCE_COLOR=0 on a terminal', terminal, having({ FORCE_COLOR: '0' }), false],
    ['NO_COLOR against FORCE_COLOR', terminal, having({ NO_COLOR: '1', FORCE_COLOR: '1' }), false],
  ])('%s', (_, stream, process, wanted) => {
    expect(coloursWanted(stream, process)).toBe(wanted);
  });
});
