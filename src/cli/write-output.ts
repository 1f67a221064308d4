import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TrainscopeError } from '../errors.js';
import { makeFolder } from '../make-folder.js';
import { thrownText } from '../thrown-text.js';

/** Writes what -o names; its folder is made. @throws TrainscopeError REPORT_UNWRITABLE */
export async function writeOutput(file: string, text: string): Promise<void> {
  try {
    makeFolder(dirname(resolve(file)));
    await writeFile(file, text);
  } catch (cause) {
    throw new TrainscopeError('REPORT_UNWRITABLE', { found: `${file} cannot be written: ${thrownText(cause)}`, expected: 'its folder can be written to', remedy: 'Name another file with -o.', cause });
  }
}
