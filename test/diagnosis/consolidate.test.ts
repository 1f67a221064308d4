import { describe, expect, test } from 'vitest';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { causes as allCauses, consolidate, finding, type Finding } from 'trainscope/diagnosis';

const found = (rule: string, severity: Finding['severity'] = 'warning', where: Finding['where'] = {}): Finding => finding({ rule, severity, message: rule, remedy: 'Mend it.', where });
const causes = { root: ['middle', 'leaf'], middle: ['leaf'], other: ['leaf'] };
const rulesOf = (findings: readonly Finding[]): unknown[] => findings.map(({ rule, evidence }) => [rule, ((evidence['symptoms'] ?? []) as { rule: string }[]).map((each) => each.rule)]);

describe('findings of one cause', () => {
  test('become the cause, with the symptoms in its evidence, those of symptoms included', () => {
    expect(rulesOf(consolidate([found('leaf'), found('middle'), found('root')], causes))).toEqual([['root', ['middle', 'leaf']]]);
  });

  test('stay apart where nothing connects them, the gravest first and among equals the one nearer to a root', () => {
    expect(rulesOf(consolidate([found('strange', 'info'), found('other'), found('root'), found('unknown', 'error')], causes))).toEqual([['unknown', []], ['root', []], ['other', []], ['strange', []]]);
  });

  test('an info explains no warning: what is not grave enough to say explains nothing that is', () => {
    expect(rulesOf(consolidate([found('leaf', 'warning'), found('middle', 'info')], causes))).toEqual([['leaf', []], ['middle', []]]);
  });

  test('the cause becomes as grave as its gravest symptom', () => {
    const [first] = consolidate([found('leaf', 'error'), found('middle', 'warning')], causes);
    expect([first?.rule, first?.severity]).toEqual(['middle', 'error']);
  });

  test('one rule at one place is told once, at its gravest; at two places twice', () => {
    const all = consolidate([found('leaf', 'info', { layer: 'a' }), found('leaf', 'error', { layer: 'a' }), found('leaf', 'info', { layer: 'b' })], causes);
    expect(all.map(({ severity, where }) => [severity, where.layer])).toEqual([['error', 'a'], ['info', 'b']]);
  });

  test('of two causes that bring about each other the earlier is the root', () => {
    expect(rulesOf(consolidate([found('b'), found('a')], { a: ['b'], b: ['a'] }))).toEqual([['a', ['b']]]);
  });
});

test('every rule that a cause names is one that exists', () => {
  const sources = ['src', 'plugins'].flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => join(folder, file))).filter((file) => !file.endsWith('causes.ts'));
  const text = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
  const named = new Set(Object.entries(allCauses).flatMap(([cause, symptoms]) => [cause, ...symptoms]));
  expect([...named].filter((rule) => !text.includes(`'${rule}'`))).toEqual([]);
});
