import { describe, expect, test } from 'vitest';
import { readDocument } from '../../src/config/document.js';
import { findJsonError } from '../../src/config/json-syntax.js';

/** `CODE line:column message` of each finding. */
const told = (text: string, format: 'yaml' | 'json' = 'yaml'): readonly string[] =>
  readDocument(text, format).findings.map(({ code, line, column, message }) => `${code} ${String(line)}:${String(column)} ${message}`);

describe('YAML', () => {
  test('is read as version 1.2, the core schema', () => {
    const text = 'a: 0x10\nb: 1e-3\nc: yes\nd: 2024-01-01\ne: 0o7\nf: ~\ng: "\\u00e9"\n1: one\ntrue: two\n';
    expect(readDocument(text, 'yaml').value).toEqual({ a: 16, b: 0.001, c: 'yes', d: '2024-01-01', e: 7, f: null, g: 'é', 1: 'one', true: 'two' });
    expect(readDocument('%YAML 1.1\n---\na: yes\n', 'yaml').value).toEqual({ a: 'yes' });
    expect(readDocument('<<: { a: 1 }\n', 'yaml').value).toEqual({ '<<': { a: 1 } });
  });

  test.each<[string, string, readonly string[]]>([
    ['a bracket that is not closed', 'a: [1, 2\nb: 3\n', ['CONFIG_SYNTAX 2:1 Flow sequence in block collection must be sufficiently indented and end with a ]', 'CONFIG_SYNTAX 2:4 Expected flow sequence to end with ]'].slice(0, 1)],
    ['a tab', 'a:\n\tb: 1\n', ['CONFIG_SYNTAX 2:1 Tabs are not allowed as indentation']],
    ['two values on a line', 'a: b: c\n', ['CONFIG_SYNTAX 1:4 Nested mappings are not allowed in compact mappings']],
    ['a reserved character', 'a: 1\nb: @x\n', ['CONFIG_SYNTAX 2:4 Plain value cannot start with reserved character @']],
    ['a second document', 'a: 1\n---\nb: 2\n', ['CONFIG_SYNTAX 2:1 a second document begins; a config file holds one']],
    ['a key that is a list', 'a: 1\n? [b]\n: 2\n', ['CONFIG_SYNTAX 2:3 a key that is no text']],
    ['a key that is an alias', '&k a: 1\n*k : 2\n', ['CONFIG_SYNTAX 2:1 a key that is no text']],
  ])('%s is told with its place', (_, text, lines) => {
    expect(told(text).slice(0, 1)).toEqual(lines);
  });

  test.each<[string, string, string]>([
    ['code', 'a: !!js/function "function () {}"', 'CONFIG_INVALID 1:4 a tag (tag:yaml.org,2002:js/function); a config is plain data'],
    ['a tag of its own', 'a: 1\nb: !secret x', 'CONFIG_INVALID 2:4 a tag (!secret); a config is plain data'],
    ['even text by name', 'a: [1, !!str 2]', 'CONFIG_INVALID 1:8 a tag (tag:yaml.org,2002:str); a config is plain data'],
    ['a set', 'a: !!set { b }', 'CONFIG_INVALID 1:4 a tag (tag:yaml.org,2002:set); a config is plain data'],
    ['bytes behind an anchor', 'a: !!binary &x aGk=', 'CONFIG_INVALID 1:4 a tag (tag:yaml.org,2002:binary); a config is plain data'],
  ])('a tag is refused: %s', (_, text, line) => {
    const document = readDocument(text, 'yaml');
    expect(told(text)).toEqual([line]);
    expect(document.value).toBeUndefined();
  });

  test.each(['__proto__', 'constructor', 'prototype'])('%s is refused as a key, at any depth and however it is written', (key) => {
    expect(told(`${key}: 1`)).toEqual([`CONFIG_INVALID 1:1 ${key} is refused as a key`]);
    expect(told(`a:\n  - { b: { "${key}": { polluted: 1 } } }`)).toEqual([`CONFIG_INVALID 2:12 ${key} is refused as a key`]);
    expect(told(`{"a": {"${key}": 1}}`, 'json')).toEqual([`CONFIG_INVALID 1:8 ${key} is refused as a key`]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('a key that stands twice is told at its second place', () => {
    expect(told('a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4\n')).toEqual(['CONFIG_INVALID 5:3 c is there twice', 'CONFIG_INVALID 6:1 a is there twice']);
    expect(told('{ "1": a, 1: b }')).toEqual(['CONFIG_INVALID 1:11 1 is there twice']);
  });

  test('an alias is the data of its anchor', () => {
    expect(readDocument('a: &x { b: 1 }\nc: *x\n', 'yaml').value).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });

  test('an alias without an anchor, or within its own, is refused', () => {
    expect(told('a: 1\nb: *x\n')).toEqual(['CONFIG_INVALID 2:4 the alias *x has no anchor before it']);
    expect(told('a: &x [1, *x]\n')).toEqual(['CONFIG_INVALID 1:11 the alias *x stands within its own anchor']);
    expect(told('a: &x { b: { c: *x } }\n')).toEqual(['CONFIG_INVALID 1:17 the alias *x stands within its own anchor']);
  });

  test('aliases that unfold to 9 to the power of 9 nodes are not unfolded', () => {
    const names = Array.from('abcdefghi');
    const bomb = names.map((name, i) => `${name}: &${name} [${Array.from({ length: 9 }, () => (i === 0 ? 'x' : `*${names[i - 1] ?? ''}`)).join(', ')}]`).join('\n');
    // The first alias stands behind `b: &b [`.
    expect(told(bomb)).toEqual(['CONFIG_INVALID 2:8 aliases that unfold to more than 100 nodes']);
  });

  test('99 aliases of a value are let pass, which with the value are 100 nodes, and 100 are not', () => {
    const text = (count: number): string => `a: &x 1\nb: [${Array.from({ length: count }, () => '*x').join(', ')}]\n`;
    expect(told(text(99))).toEqual([]);
    expect(told(text(100))).toEqual(['CONFIG_INVALID 2:5 aliases that unfold to more than 100 nodes']);
  });

  test('10,000 values are read, and the next one is not', () => {
    // Beside the items there are the object, its key and the array.
    const text = (items: number): string => `a: [${Array.from({ length: items }, () => '1').join(',')}]`;
    expect(told(text(9_997))).toEqual([]);
    // The item with the index 9,997 begins after `a: [` and as many times `1,`.
    expect(told(text(9_998))).toEqual(['CONFIG_INVALID 1:19999 more than 10000 values']);
    expect(told(text(50_000))).toHaveLength(1);
  });

  test('64 levels are read, 65 are not, and 20,000 do not end the process', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(told(nested(64))).toEqual([]);
    expect(told(nested(65))).toEqual(['CONFIG_INVALID 1:65 nested more than 64 deep']);
    expect(told(nested(20_000))).toEqual(['CONFIG_SYNTAX 1:1 nested more than 64 deep']);
    expect(told('- '.repeat(20_000))).toEqual(['CONFIG_SYNTAX 1:1 nested more than 64 deep']);
    expect(told(nested(20_000), 'json')).toEqual(['CONFIG_SYNTAX 1:1 nested more than 64 deep']);
  });
});

describe('JSON', () => {
  test('is read with tabs, escapes and all', () => {
    expect(readDocument('{\n\t"a": [1,\n\t\t-2.5e3],\n\t"b": "\\ud83d\\ude00 \\/"\n}\n', 'json').value).toEqual({ a: [1, -2500], b: '😀 /' });
  });

  test.each<[string, string]>([
    ['{"a":1,}', '1:8 not JSON: found "}" after a comma, expected a key in double quotes'],
    ['[1,\n]', '2:1 not JSON: found "]" after a comma, expected a value'],
    ['{"a":1 // x\n}', '1:8 not JSON: found "/" (JSON has no comments), expected a comma or }'],
    ["{'a':1}", `1:2 not JSON: found "'" (JSON has double quotes only), expected a key in double quotes or }`],
    ['{a: 1}', '1:2 not JSON: found "a", expected a key in double quotes or }'],
    ['{"a" 1}', '1:6 not JSON: found "1", expected a colon'],
    ['{"a": }', '1:7 not JSON: found "}", expected a value'],
    ['[1 2]', '1:4 not JSON: found "2", expected a comma or ]'],
    ['[1}', '1:3 not JSON: found "}", expected a comma or ]'],
    ['{"a":1} {}', '1:9 not JSON: found "{", expected the end of the file'],
    ['["a"', '1:5 not JSON: the file ends, expected a comma or ]'],
    ['{\n  "a": "b', '2:8 not JSON: a text without its closing quote'],
    ['["a\nb"]', '1:4 not JSON: a line end or control character in text, expected it written as \\n or \\u0000'],
    ['["\\x"]', '1:3 not JSON: found "\\\\x", expected one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000'],
    ['[01]', '1:3 not JSON: found "1", expected a comma or ]'],
    ['[NaN]', '1:2 not JSON: found "N", expected a value or ]'],
    ['seed: 1', '1:1 not JSON: found "s", expected a value'],
  ])('%j is refused at its place', (text, line) => {
    expect(told(text, 'json')).toEqual([`CONFIG_SYNTAX ${line}`]);
  });

  test.each(['{}', '[]', ' [ ] ', '{"a":[{},{"b":null}],"c":[true,false]}', '-0', '1e5', '"\\u0041"', '[[],[[]]]'])('%j has no error', (text) => {
    JSON.parse(text);
    expect(findJsonError(text)).toBeUndefined();
  });
});
