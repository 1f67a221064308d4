import { describe, expect, it } from 'vitest';
import { filesOf, samplesOf } from '../../scripts/docs/samples.js';

describe('samples of the documentation', () => {
  it('are found with their line and their mark; other languages are not', () => {
    const text = 'one\n\n```ts run\nfirst\n```\n\n```sh\nls\n```\n```ts\nsecond\nthird\n```\n```ts no-check\nfourth\n```\n```tsx\nno\n```\n';
    expect(samplesOf('a.md', text)).toEqual([
      { page: 'a.md', line: 4, code: 'first\n', mark: 'run' },
      { page: 'a.md', line: 11, code: 'second\nthird\n', mark: '' },
      { page: 'a.md', line: 15, code: 'fourth\n', mark: 'no-check' },
    ]);
  });

  it('with a mistyped mark are refused, since they would go unchecked', () => {
    expect(() => samplesOf('a.md', '```ts rum\nx\n```\n')).toThrow('a.md:1: a sample is marked "rum"');
  });

  it('have the files beside them that their page names', () => {
    expect(filesOf('```yaml file=run.yaml\nseed: 1\n```\n```yaml\nseed: 2\n```\n')).toEqual([{ name: 'run.yaml', text: 'seed: 1\n' }]);
  });
});
