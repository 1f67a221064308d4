import { describe, expect, it } from 'vitest';
import { pages, readPage, withGeneratedParts } from '../../scripts/docs/pages.js';

describe('the generated parts of the documentation', () => {
  for (const page of pages().filter((each) => readPage(each).includes('<!-- generated:'))) {
    it(`of ${page} are what the schemas say (npx tsx scripts/write-docs.ts writes them anew)`, () => {
      const text = readPage(page);
      expect(withGeneratedParts(page, text)).toBe(text);
    });
  }

  it('are asked for by their names alone', () => {
    expect(() => withGeneratedParts('a.md', '<!-- generated: plugin-option seed -->\n<!-- end of generated -->')).toThrow(/a\.md asks for the generated part "plugin-option"/);
  });

  it('are put between their markers, whatever stood there, and again the same', () => {
    const once = withGeneratedParts('a.md', 'before\n<!-- generated: plugin-options seed -->\nold\n<!-- end of generated -->\nafter');
    expect(once).toMatch(/^before\n<!-- generated: plugin-options seed -->\n\n\| option /);
    expect(once).toMatch(/\n\n<!-- end of generated -->\nafter$/);
    expect(once).toContain('| `seed` | integer | required |');
    expect(once).not.toContain('old');
    expect(withGeneratedParts('a.md', once)).toBe(once);
  });

  it('are on the page of every plugin: its options and its events', () => {
    for (const [page, name] of [['seed', 'seed'], ['gradient-norm', 'gradientNorm'], ['weight-norm', 'weightNorm'], ['prediction-dynamics', 'predictionDynamics'], ['early-stopping', 'earlyStopping'], ['lr-scheduler', 'lrScheduler'], ['gpu-profiler', 'gpuProfiler']] as const) {
      const text = readPage(`docs/plugins/${page}.md`);
      expect(text).toContain(`<!-- generated: plugin-options ${name} -->`);
      expect(text).toContain(`<!-- generated: plugin-events ${name} -->`);
    }
  });
});
