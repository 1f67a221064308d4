import { chartsOf } from './charts.js';
import { contactSheet } from './data/contact-sheet.js';
import type { Lab } from './lab.js';
import type { CheckRecord } from './preflight.js';
import { transformedSample } from './transformed.js';

/** One file of HTML: samples as the model gets them, after the plugins that change batches, and what some checks measured as charts. */
export async function pageOf(lab: Lab, records: readonly CheckRecord[]): Promise<string> {
  const sample = await transformedSample(lab);
  const sheet = await contactSheet(sample === undefined ? lab : lab.withSample(sample));
  const charts = await chartsOf(records);
  const section = charts.length === 0 ? '' : `<h2>What some checks measured</h2>\n${charts.map((chart) => `<div class="chart">${chart}</div>`).join('\n')}\n<style>.chart svg { height: auto; max-width: 640px; }</style>\n`;
  return sheet.replace('</body>', () => `${section}</body>`);
}
