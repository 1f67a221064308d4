import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TrainscopeError } from '../errors.js';
import { makeFolder } from '../make-folder.js';
import { thrownText } from '../thrown-text.js';
import { reportHtml } from './html.js';
import type { ReportModel } from './model.js';
import { placeOfPage } from './place-of-page.js';
import { readReport, type ReadReportOptions } from './read-report.js';

/**
 * Writes a report of logs: one file of HTML that needs no other and no network.
 *
 * @param to Path of the file. It is there whole or, when this fails, as it was before.
 * @returns what the report shows
 * @throws what readReport throws; ConfigError OPTIONS_INVALID where `to` is one of the logs; TrainscopeError REPORT_UNWRITABLE
 * @example await writeReport(['events.ndjson'], 'report.html');
 */
export async function writeReport(paths: readonly string[], to: string, options: ReadReportOptions = {}): Promise<ReportModel> {
  const { path, isFile } = placeOfPage(to, paths);
  const model = await readReport(paths, options);
  const html = reportHtml(model);
  const temporary = `${path}.${String(process.pid)}.tmp`;
  try {
    makeFolder(dirname(path));
    await writeFile(isFile ? temporary : path, html);
    if (isFile) await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new TrainscopeError('REPORT_UNWRITABLE', { found: `the report ${to} cannot be written: ${thrownText(cause)}`, expected: 'its folder can be written to', remedy: 'Name another file.', cause });
  }
  return model;
}
