import fc from 'fast-check';

/** Keys that reach prototypes, and others that code may take for its own. */
export const hostileNames: readonly string[] = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'toJSON', 'then', 'length', '', ' ', '0', '-1', 'a.b', 'a[0]', '\0', '\ud800', 'ﬁt', 'x'.repeat(300)];

/** Ways out of a folder, as far as one can be told by text; `out`, `loop`, `dangling` and `evil.mjs` are links in the place of a run. */
export const hostilePaths: readonly string[] = [
  '..', '../x', '../../../../etc/passwd', 'a/../../x', './../x', '..\\x', 'a\\..\\..\\x', '/etc/passwd', '/', '//server/share/x', '\\\\server\\share\\x', '\\\\?\\C:\\x', 'C:\\x', 'C:x', 'c:/x', 'file:///etc/passwd', '~/x',
  'out/x', 'out', 'loop/x', 'loop', 'dangling', 'dangling/x', './evil.mjs', 'evil.mjs', './no-plugin.mjs', './broken.mjs', './throws.mjs', './nowhere.mjs', '%2e%2e/x', '..%2fx', 'x\0', '\0', '.', './', 'x/', 'a//b', '...', 'con', 'nul', 'x:y', `${'a/'.repeat(200)}x`, 'y'.repeat(300), 'node:fs', 'fs', 'trainscope', '@scope/x', 'data:text/javascript,0', 'https://example.org/x.js', '#x',
];

const hostileTexts: readonly string[] = ['', ' ', '\n', '0', '-1', '1e400', 'NaN', 'Infinity', '-Infinity', '.inf', 'null', 'true', '0x1F', '٣', '\u0000', '\ud800', '\u202e', '${x}', '{{x}}', '%s', '9'.repeat(400), 'z'.repeat(5000), '2024-01-01', 'val_', 'val_loss', '*', '&a', '!!js/function'];
const hostileNumbers: readonly number[] = [0, -0, 1, -1, 0.5, -0.5, 2, 1e-320, 5e-324, 1e-8, 1e21, 1e308, -1e308, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), Number.MAX_SAFE_INTEGER];

/** Nested so deep that careless recursion ends the stack. */
function nested(depth: number, list: boolean): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = list ? [value] : { a: value };
  return value;
}

const scalar = fc.oneof(
  fc.constantFrom(...hostileNumbers),
  fc.constantFrom(...hostileTexts),
  fc.constantFrom(...hostileNames),
  fc.constantFrom(...hostilePaths),
  fc.constantFrom(true, false, null),
  fc.double(),
  fc.integer(),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

const tree = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(fc.oneof(fc.constantFrom(...hostileNames), fc.string({ maxLength: 5 })), tie('value'), { maxKeys: 3, noNullPrototype: true })),
})).value;

/** What JSON can hold, and NaN and infinities, which other formats have. */
export const hostileData: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
  { weight: 2, arbitrary: tree },
  { weight: 1, arbitrary: fc.constantFrom([], {}, [[]], [null], [{}], { '': null }).map((value) => structuredClone(value)) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(20, 70, 200), fc.boolean()).map(([depth, list]) => nested(depth, list)) },
);

function circle(): unknown {
  const value: Record<string, unknown> = { name: 'adam' };
  value['self'] = value;
  return value;
}

/** Values of code, made anew for each run. */
const odd: readonly (() => unknown)[] = [
  () => undefined,
  () => Symbol('x'),
  () => 10n,
  () => () => undefined,
  () => function named(this: unknown) { return this; },
  () => class { readonly a = 1; },
  () => Object.create(null) as unknown,
  () => Object.assign(Object.create(null) as object, { name: 'adam', kind: 'cosine' }),
  circle,
  () => { const list: unknown[] = []; list.push(list); return list; },
  () => new Date(NaN),
  () => new Map([['name', 'adam']]),
  () => new Set([1]),
  () => new Float32Array(3),
  () => Buffer.from('x'),
  () => new Array<unknown>(5),
  () => /x/,
  () => new Error('x'),
  () => Promise.resolve(1),
  () => Object.freeze({ a: 1 }),
  () => new String('adam'),
  () => new Number(3),
  () => new Proxy({}, {}),
  () => ({ toString: 5, valueOf: 5 }),
  () => ({ then: 5 }),
  () => ({ length: 1e9 }),
  () => nested(5_000, false),
  () => nested(5_000, true),
  () => globalThis,
];

/** What code may hand over by mistake: data, and what is none. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof({ weight: 2, arbitrary: hostileData }, { weight: 1, arbitrary: fc.constantFrom(...odd).map((make) => make()) });
