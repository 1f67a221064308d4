import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { ConfigError } from 'trainscope/plugin';

/** RFC 4180, 2.1. */
const lineEnd = '\r\n';

/**
 * A table in a file, with one row an epoch. All its cells but those of the header are numbers: rows are told apart by their lines. A row with a
 * column that is new makes the file anew with that column, empty in the rows before.
 */
export class CsvTable {
  readonly #path: string;
  readonly #separator: string;
  #columns: readonly string[];
  /** Rows that were kept when it was opened. */
  readonly rows: number;

  private constructor(path: string, separator: string, columns: readonly string[], rows = 0) {
    this.#path = path;
    this.#separator = separator;
    this.#columns = columns;
    this.rows = rows;
  }

  /**
   * Opens it and keeps so many rows of what is there.
   * @throws Error when the file cannot be written, or is none of this kind
   */
  static open(path: string, separator: string, keep: number): CsvTable {
    mkdirSync(dirname(path), { recursive: true });
    if (keep === 0) {
      writeFileSync(path, '');
      return new CsvTable(path, separator, []);
    }
    closeSync(openSync(path, 'a')); // refused here, and not after an epoch
    const text = readFileSync(path, 'utf8');
    const [header, ...rows] = linesOf(text);
    if (header === undefined) return new CsvTable(path, separator, []);
    const columns = cellsOf(header, separator);
    if (columns[0] !== 'epoch') throw new ConfigError('OPTIONS_INVALID', { found: `csvLogger is to go on with a file ${path} whose first column is "${String(columns[0])}"`, expected: 'a table of its own, whose first column is epoch', remedy: 'Give another filename or separator, or set append to false.' });
    const kept = (text.endsWith('\n') ? rows : rows.slice(0, -1)).slice(0, keep); // half a row of a process that was killed goes
    if (kept.length < rows.length) replace(path, [header, ...kept]);
    return new CsvTable(path, separator, columns, kept.length);
  }

  get columns(): readonly string[] {
    return this.#columns;
  }

  append(row: Readonly<Record<string, number>>): void {
    const added = Object.keys(row).filter((name) => !this.#columns.includes(name));
    if (added.length > 0) this.#widen(added);
    this.#write([this.#columns.map((name) => (row[name] === undefined ? '' : String(row[name])))]);
  }

  #widen(added: readonly string[]): void {
    const isNew = this.#columns.length === 0;
    this.#columns = [...this.#columns, ...added];
    if (isNew) {
      this.#write([this.#columns]);
      return;
    }
    const [, ...rows] = linesOf(readFileSync(this.#path, 'utf8'));
    replace(this.#path, [this.#line(this.#columns), ...rows.map((row) => row + this.#separator.repeat(added.length))]);
  }

  #line(cells: readonly string[]): string {
    return stringify([[...cells]], { delimiter: this.#separator, eof: false });
  }

  #write(rows: readonly (readonly string[])[]): void {
    appendFileSync(this.#path, rows.map((row) => this.#line(row) + lineEnd).join(''));
  }
}

const linesOf = (text: string): readonly string[] => {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
};

/** As a whole or not at all. */
function replace(path: string, lines: readonly string[]): void {
  const beside = `${path}.${process.pid}.new`;
  writeFileSync(beside, lines.map((line) => line + lineEnd).join(''));
  renameSync(beside, path);
}

/** The cells of one line, with quotes of RFC 4180 taken off. */
function cellsOf(line: string, separator: string): readonly string[] {
  const cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (isQuoted && character === '"' && line[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && line.startsWith(separator, at)) {
      cells.push(cell);
      cell = '';
      at += separator.length - 1;
    } else cell += character;
  }
  return [...cells, cell];
}
