/**
 * Writes the generated parts of README.md and docs/ anew: what stands between `<!-- generated: ... -->` and
 * `<!-- end of generated -->`. A test fails while they are stale.
 */
import { writeFileSync } from 'node:fs';
import { pages, readPage, withGeneratedParts } from './docs/pages.js';

for (const page of pages()) {
  const before = readPage(page);
  const after = withGeneratedParts(page, before);
  if (after === before) continue;
  writeFileSync(page, after);
  console.log(`${page}: written anew`);
}
