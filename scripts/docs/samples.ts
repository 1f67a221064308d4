/** The samples of the documentation. */
import { pages, readPage } from './pages.js';

/** ```ts is type-checked, ```ts run is executed as well, ```ts no-check is left alone. */
export type Mark = '' | 'run' | 'no-check';

export interface Sample {
  readonly page: string;
  /** Of its first line of code, from 1. */
  readonly line: number;
  readonly code: string;
  readonly mark: Mark;
}

const marks: readonly string[] = ['', 'run', 'no-check'] satisfies Mark[];
const isMark = (text: string): text is Mark => marks.includes(text);

/** @throws Error for a mark that is none: a mistyped one would leave a sample unchecked. */
export function samplesOf(page: string, text: string): readonly Sample[] {
  return [...text.matchAll(/^```ts\b([^\n]*)\n([\s\S]*?)^```/gm)].map(({ 1: info = '', 2: code = '', index }) => {
    const line = text.slice(0, index).split('\n').length + 1;
    const mark = info.trim();
    if (!isMark(mark)) throw new Error(`${page}:${String(line - 1)}: a sample is marked "${mark}"; there are run and no-check`);
    return { page, line, code, mark };
  });
}

/** A file that a page shows, ```yaml file=run.yaml: it lies beside the page's samples when they run. */
export interface SampleFile {
  readonly name: string;
  readonly text: string;
}

export const filesOf = (text: string): readonly SampleFile[] =>
  [...text.matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```/gm)].map(({ 1: name = '', 2: content = '' }) => ({ name, text: content }));

export const allSamples = (): readonly Sample[] => pages().flatMap((page) => samplesOf(page, readPage(page)));
