/**
 * Draws what each rule looks like, from trainings that are really run here, into docs/images/rules/.
 *
 *     npx tsx scripts/write-rule-plots.ts [rule ...]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { chooseBackend } from '../src/backend/index.js';
import { svgOf } from './rule-plots/plot.js';
import { rulePlots } from './rule-plots/index.js';

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !rulePlots.some(({ rule }) => rule === name));
if (unknown !== undefined) throw new Error(`there is no plot for ${unknown}`);
await chooseBackend('wasm');
mkdirSync('docs/images/rules', { recursive: true });
for (const { rule, alt, spec } of rulePlots) {
  if (wanted.length > 0 && !wanted.includes(rule)) continue;
  const svg = await svgOf(await spec());
  writeFileSync(`docs/images/rules/${rule}.svg`, `${svg.replace(/<svg /, `<svg role="img" aria-label="${alt.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}" `)}\n`);
  console.log(rule);
}
