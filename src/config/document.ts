import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Alias, type Document, type Node, type Pair, type ParsedNode, type YAMLMap } from 'yaml';
import type { ConfigProblem } from '../errors.js';
import { namesItsKey } from '../problems.js';
import { invalid, type Finding } from './finding.js';
import { findJsonError } from './json-syntax.js';

type Path = ConfigProblem['path'];

/** 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A config file as plain data that remembers where each part stands. */
export interface ConfigDocument {
  /** Undefined when it cannot be had, which `findings` explain. */
  readonly value: unknown;
  readonly findings: readonly (Finding & Position)[];
  /** Where a problem is to be looked for: at its key, its value, or the nearest part that is there. */
  positionOf(problem: ConfigProblem): Position;
}

/** Deeper than any config that a person reads; it ends every walk before the stack does. */
const maxDepth = 64;

/** More than any config has, and few enough that each may be checked and have its problem. */
const maxNodes = 10_000;

/** yaml's default, set here since it is what stops a "billion laughs": aliases may unfold to so many nodes at most. */
const maxAliasCount = 100;

/** With them as keys, code that merges or looks up would reach prototypes. */
const refusedKeys: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/**
 * Reads YAML 1.2 (core schema) or JSON as plain data. Tags, a second document, keys that are no text, keys that stand
 * twice, and aliases that unfold without bound are refused.
 */
export function readDocument(text: string, format: 'yaml' | 'json'): ConfigDocument {
  const lines = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  // Explicit, since a `%YAML 1.1` directive must not bring back that version's tags and its `yes` for true.
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', schema: 'core', merge: false, stringKeys: true, uniqueKeys: false, prettyErrors: false, logLevel: 'error' });
  const failed = (findings: readonly (Finding & { offset: number })[]): ConfigDocument => ({
    value: undefined,
    findings: findings.map(({ offset, ...finding }) => ({ ...finding, ...positionAt(offset) })),
    positionOf: () => positionAt(0),
  });
  const syntax = (offset: number, message: string): Finding & { offset: number } => ({ code: 'CONFIG_SYNTAX', path: [], message, offset });

  const { contents } = document;
  if ((contents === null || (isScalar(contents) && contents.value === null)) && document.errors.length === 0) return failed([{ code: 'CONFIG_EMPTY', path: [], message: 'the file is empty, expected settings', offset: 0 }]);
  const jsonError = format === 'json' ? findJsonError(text) : undefined;
  if (jsonError !== undefined) return failed([syntax(jsonError.offset, `not JSON: ${jsonError.message}`)]);
  const tooDeep = document.errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  if (tooDeep !== undefined) return failed([syntax(0, `nested more than ${maxDepth} deep`)]);
  if (document.errors.length > 0) return failed(document.errors.map(({ code, message, pos }) => syntax(pos[0], syntaxMessage(code, message))));

  const walk = new Walk(document, text);
  walk.visit(contents, []);
  const findings = walk.findings.map(({ offset, ...finding }) => ({ ...finding, ...positionAt(offset) }));
  const offsets = new Offsets(document);
  const positionOf = (problem: ConfigProblem): Position => positionAt(offsets.of(problem));
  if (walk.isUnsafe) return { value: undefined, findings, positionOf };
  try {
    return { value: document.toJS({ maxAliasCount }) as unknown, findings, positionOf };
  } catch {
    // yaml's only other reason, an alias without an anchor, was looked for before.
    const tooMany = { ...invalid([], `aliases that unfold to more than ${maxAliasCount} nodes`), ...positionAt(walk.firstAlias) };
    return { value: undefined, findings: [...findings, tooMany], positionOf };
  }
}

const syntaxMessage = (code: string, message: string): string => {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins; a config file holds one';
  if (code === 'NON_STRING_KEY') return 'a key that is no text';
  return message.replace(/\.?$/, '');
};

/** Looks at every node once, an alias not followed. */
class Walk {
  readonly findings: (Finding & { offset: number })[] = [];
  readonly #document: Document;
  readonly #text: string;
  readonly #above: unknown[] = [];
  #nodes = 0;
  #aliases = 0;
  /** True when the document must not be unfolded to data. */
  isUnsafe = false;
  firstAlias = 0;

  constructor(document: Document, text: string) {
    this.#document = document;
    this.#text = text;
  }

  visit(node: unknown, path: Path): void {
    if (node === null || node === undefined || this.#nodes > maxNodes) return;
    this.#nodes += 1;
    const offset = startOf(node as Node) ?? 0;
    if (this.#nodes > maxNodes) {
      this.#refuse(offset, path, `more than ${maxNodes} values`);
      return;
    }
    if (this.#above.length >= maxDepth) {
      this.#refuse(offset, path, `nested more than ${maxDepth} deep`);
      return;
    }
    if (isAlias(node)) {
      this.#alias(node, offset, path);
      return;
    }
    const { tag } = node as ParsedNode;
    if (tag !== undefined) this.#refuse(this.#tagBefore(offset), path, `a tag (${tag}); a config is plain data`);
    this.#above.push(node);
    if (isSeq(node)) node.items.forEach((item, i) => this.visit(item, [...path, i]));
    if (isMap(node)) {
      const seen = new Set<string>();
      for (const { key, value } of node.items) {
        const name = nameOf(key);
        const at = startOf(key as Node) ?? offset;
        if (isAlias(key)) this.#refuse(at, path, 'a key that is an alias');
        if (refusedKeys.includes(name)) this.#refuse(at, [...path, name], `${name} is refused as a key`);
        if (seen.has(name)) this.findings.push({ ...invalid([...path, name], `${name} is there twice`), offset: at });
        seen.add(name);
        this.visit(key, path);
        this.visit(value, [...path, name]);
      }
    }
    this.#above.pop();
  }

  /** A node begins behind its tag. */
  #tagBefore(offset: number): number {
    const tag = /(?:^|[\s,[{:-])(!\S*)\s*(?:&\S+\s*)?$/.exec(this.#text.slice(Math.max(0, offset - 256), offset));
    return tag === null ? offset : offset - (tag[0].length - tag[0].indexOf('!'));
  }

  #alias(node: Alias, offset: number, path: Path): void {
    if (this.firstAlias === 0) this.firstAlias = offset;
    this.#aliases += 1;
    // Each is looked for through the whole document; toJS will refuse them all for their number.
    if (this.#aliases > maxAliasCount) return;
    const source = node.resolve(this.#document);
    if (source === undefined) this.#refuse(offset, path, `the alias *${node.source} has no anchor before it`);
    else if (this.#above.includes(source)) this.#refuse(offset, path, `the alias *${node.source} stands within its own anchor`);
  }

  #refuse(offset: number, path: Path, message: string): void {
    this.isUnsafe = true;
    this.findings.push({ ...invalid(path, message), offset });
  }
}

const nameOf = (key: unknown): string => (isScalar(key) ? String(key.value) : '');
const startOf = (node: Node | null | undefined): number | undefined => node?.range?.[0];

/** A null that stands for nothing at all: `epochs:` */
const isBlank = (node: unknown): boolean => node === null || node === undefined || (isScalar(node) && node.value === null && node.source === '');

/** Finds the parts of a document by their paths. */
class Offsets {
  readonly #document: Document;
  readonly #pairs = new Map<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(document: Document) {
    this.#document = document;
  }

  of(problem: ConfigProblem): number {
    const onKey = namesItsKey(problem);
    let node: unknown = this.#document.contents;
    let offset = startOf(this.#document.contents) ?? 0;
    for (const [i, part] of problem.path.entries()) {
      if (isAlias(node)) node = node.resolve(this.#document);
      const pair = isMap(node) ? this.#pairsOf(node).get(String(part)) : undefined;
      const item = pair !== undefined ? pair.value : isSeq(node) && typeof part === 'number' ? node.items[part] : undefined;
      if (pair === undefined && item === undefined) return offset;
      const isLast = i === problem.path.length - 1;
      const keyOffset = startOf(pair?.key as Node | undefined);
      offset = (pair !== undefined && ((isLast && onKey) || isBlank(item)) ? keyOffset : startOf(item as Node)) ?? offset;
      node = item;
    }
    return offset;
  }

  /** Of a key that stands twice the last, which is the one in force. */
  #pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = this.#pairs.get(map) ?? new Map(map.items.map((pair) => [nameOf(pair.key), pair]));
    this.#pairs.set(map, known);
    return known;
  }
}
