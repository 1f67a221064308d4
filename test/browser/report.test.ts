import { readFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readReport, reportHtml, writeReport, type ReportModel } from 'trainscope/report';
import { useBackend } from '../support/backends.js';
import { inkOf, launch, open, picture, pictures, scrollThrough } from './chromium.js';
import { trainDigits } from './digits-run.js';
import { hostileModel, oddLog, wideModel } from './sample-models.js';

const folder = mkdtempSync(join(tmpdir(), 'trainscope-browser-'));
const at = (name: string): string => join(folder, name);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let model: ReportModel;
beforeAll(async () => {
  await useBackend('wasm');
  // Ten times too high for Adam: the loss leaps, and little is learned.
  await trainDigits({ log: at('high.ndjson'), learningRate: 0.06, epochs: 3, samples: 2000 });
  await trainDigits({ log: at('good.ndjson'), learningRate: 0.001, epochs: 3, samples: 2000 });
  model = await writeReport([at('high.ndjson')], at('high.html'));
  await writeReport([at('high.ndjson'), at('good.ndjson')], at('two.html'));
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** What stands on a canvas. */
const pixels = (canvas: Locator): Promise<string> => canvas.evaluate((element) => (element as unknown as { toDataURL: () => string }).toDataURL());

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** What axe-core finds wrong, by the rules of WCAG 2.2 at levels A and AA. The script goes in beside the page's policy, which lets no other run. */
async function violations(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page);
  const { result } = (await session.send('Runtime.evaluate', { expression: `${axe}; axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) => JSON.stringify(violations))`, awaitPromise: true, returnByValue: true })) as { result: { value: string } };
  return (JSON.parse(result.value) as Violation[]).map(({ id, help, nodes }) => `${id}: ${help}; ${nodes.map(({ target, failureSummary }) => `${target.join(' ')} (${failureSummary})`).slice(0, 3).join(' | ')}`);
}

describe('the report of a run', () => {
  test('opens without an error, asks for nothing beyond its file, and draws every chart that is open', async () => {
    const { page, complaints, requests } = await open(browser, at('high.html'));
    await scrollThrough(page);
    expect(complaints).toEqual([]);
    expect(requests).toHaveLength(1);
    const ink = await inkOf(page);
    const shown = model.runs[0]!.charts.filter(({ detail }) => !detail).map(({ id }) => id);
    expect(shown.length).toBeGreaterThan(8);
    for (const id of [...shown, ...model.runs[0]!.heatMaps.map((heat) => heat.id)]) expect(ink[id], id).toBeGreaterThan(0.005);
    expect(await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')).toBe(false);
    await picture(page, 'report');
    await page.close();
  });

  test('says first what was found, with its numbers, its remedy and its curves', async () => {
    const { page } = await open(browser, at('high.html'));
    const finding = model.runs[0]!.findings.find(({ rule }) => rule === 'learning-rate-too-high')!;
    const article = page.locator('article.finding').first();
    const text = await article.innerText();
    expect(text.toLowerCase()).toContain(finding.message.toLowerCase());
    expect(text).toContain(finding.remedy);
    expect(text).toContain('Warning');
    expect(await article.locator('canvas').count()).toBeGreaterThan(0);
    const [first, ...others] = await page.locator('main h2').allInnerTexts();
    expect(first).toMatch(/^Findings/);
    expect(others).toEqual(expect.arrayContaining(['Loss and metrics', 'Gradients', 'Updates', 'Activations', 'Predictions', 'Time']));
    await page.close();
  });

  test('the values of a chart are those of the log', async () => {
    const { page } = await open(browser, at('high.html'));
    const figure = page.locator('figure[data-chart="metric:loss"]');
    await figure.getByRole('button', { name: 'Table' }).click();
    const rows = await figure.locator('tbody tr').evaluateAll((all) => all.map((row) => [...(row as unknown as { cells: Iterable<{ textContent: string }> }).cells].map((cell) => cell.textContent)));
    const steps = readFileSync(at('high.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { event: string; step: number; data: { loss: number } }).filter(({ event }) => event === 'step');
    expect(rows.filter(([, name]) => name === 'training (batch)').map(([step, , value]) => [Number(step), Number(value)])).toEqual(steps.map(({ step, data }) => [step, data.loss]));
    // The chart itself holds the same.
    const drawn = await page.evaluate<number>(`(() => {
      const text = document.getElementById('model').textContent;
      return JSON.parse(text).runs[0].series.find(({ id }) => id === 'metric:loss/training (batch)').values.length;
    })()`);
    expect(drawn).toBe(steps.length);
    await page.close();
  });

  test('the keyboard reaches every control, and reads a chart point by point', async () => {
    const { page } = await open(browser, at('high.html'));
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the findings');
    const chart = page.locator('figure[data-chart="metric:loss"] .canvas');
    await chart.focus();
    await page.keyboard.press('Home');
    const { series } = model.runs[0]!;
    const losses = series.find(({ id }) => id === 'metric:loss/training (batch)')!;
    const said = page.locator('figure[data-chart="metric:loss"] .said');
    expect(await said.innerText()).toMatch(/^Step 1: training \(batch\) /);
    await page.keyboard.press('ArrowRight');
    expect(await said.innerText()).toContain(`Step 2: training (batch) ${String(Number(losses.values[1]!.toPrecision(4)))}`);
    await page.keyboard.press('End');
    expect(await said.innerText()).toContain(`Step ${String(losses.steps.at(-1))}`);
    const reached = await page.evaluate(`(() => {
      const all = [...document.querySelectorAll('button, input, summary, a[href], [tabindex="0"]')].filter((each) => each.offsetParent !== null);
      return all.filter((each) => each.tabIndex < 0).length;
    })()`);
    expect(reached).toBe(0);
    await page.close();
  });

  test('axis, smoothing, scale and search change what is drawn', async () => {
    const { page, complaints } = await open(browser, at('high.html'));
    await scrollThrough(page);
    const chart = page.locator('figure[data-chart="metric:accuracy"] canvas').first();
    const seen: string[] = [];
    const look = async (): Promise<void> => {
      await page.waitForTimeout(60);
      seen.push(await pixels(chart));
    };
    await look();
    await page.getByRole('radio', { name: 'Epochs' }).check();
    await look();
    await page.getByRole('radio', { name: 'Time' }).check();
    await look();
    await page.getByRole('slider', { name: 'Smoothing' }).fill('0.9');
    await look();
    await page.locator('figure[data-chart="metric:accuracy"]').getByRole('button', { name: /Axis of accuracy/ }).click();
    await look();
    expect(new Set(seen).size).toBe(5);
    await page.getByRole('searchbox').fill('gradient norm');
    expect(await page.locator('figure.plot:visible[data-chart^="metric:"]').count()).toBe(0);
    expect(await page.locator('figure[data-chart="gradient-norm"]:visible').count()).toBe(1);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test.each(['light', 'dark'] as const)('axe-core finds nothing wrong, %s', async (scheme) => {
    const { page } = await open(browser, at('high.html'), { scheme });
    await scrollThrough(page);
    await page.locator('summary').evaluateAll((all) => {
      for (const each of all) (each as unknown as { click: () => void }).click();
    });
    expect(await violations(page)).toEqual([]);
    await picture(page, `report-${scheme}-open`);
    await page.close();
  });

  test('fits a telephone', async () => {
    const { page, complaints } = await open(browser, at('high.html'), { width: 390, height: 844 });
    await scrollThrough(page);
    expect(await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')).toBe(false);
    expect(complaints).toEqual([]);
    await picture(page, 'report-narrow');
    await page.close();
  });

  test('is printed whole: several pages, with the findings', async () => {
    const { page } = await open(browser, at('high.html'));
    const pdf = await page.pdf({ path: join(pictures, 'report.pdf'), format: 'A4' });
    expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0).toBeGreaterThan(3);
    expect(statSync(join(pictures, 'report.pdf')).size).toBeGreaterThan(50_000);
    await page.emulateMedia({ media: 'print' });
    await page.evaluate(`window.dispatchEvent(new Event('beforeprint'))`);
    expect(await page.locator('details:not([open])').count()).toBe(0);
    expect(await page.locator('.bar-of-controls').isVisible()).toBe(false);
    await picture(page, 'report-print');
    await page.close();
  });
});

describe('two runs side by side', () => {
  test('curves lie over one another, and what differs is listed', async () => {
    const { page, complaints } = await open(browser, at('two.html'), { scheme: 'dark' });
    await scrollThrough(page);
    const text = await page.locator('#comparison').innerText();
    expect(text).toContain('optimizer.learningRate');
    expect(text).toContain('0.06');
    expect(text).toContain('0.001');
    expect(await page.locator('#error').innerText()).toContain('has the lowest error');
    const before = await pixels(page.locator('figure[data-chart="metric:loss"] canvas').first());
    await page.getByRole('checkbox', { name: 'high.ndjson' }).uncheck();
    await page.waitForTimeout(60);
    expect(await pixels(page.locator('figure[data-chart="metric:loss"] canvas').first())).not.toBe(before);
    // The curves that show a finding are there even when its run is switched off.
    const ofFinding = page.locator('article.finding figure').first();
    await ofFinding.getByRole('button', { name: 'Table' }).click();
    expect(await ofFinding.locator('tbody tr').count()).toBeGreaterThan(10);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await picture(page, 'two-runs-dark');
    await page.close();
  });
});

describe('reports that are out of the ordinary', () => {
  test('texts of a log that mean harm are texts', async () => {
    writeFileSync(at('hostile.html'), reportHtml(hostileModel(model)));
    const { page, complaints, requests } = await open(browser, at('hostile.html'));
    await scrollThrough(page);
    await page.locator('summary').evaluateAll((all) => {
      for (const each of all) (each as unknown as { click: () => void }).click();
    });
    const chart = page.locator('figure canvas').first();
    await chart.hover();
    expect(await page.evaluate('window.harmed')).toBeUndefined();
    expect(complaints).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(await page.locator('h1').innerText()).toContain('<script>');
    await picture(page, 'hostile');
    await page.close();
  });

  test('an unfinished run with NaN, one step, and next to nothing in its log', async () => {
    writeFileSync(at('odd.ndjson'), oddLog);
    writeFileSync(at('odd.html'), reportHtml(await readReport([at('odd.ndjson')])));
    const { page, complaints } = await open(browser, at('odd.html'));
    await scrollThrough(page);
    expect(complaints).toEqual([]);
    expect(await page.locator('#runs').innerText()).toContain('no end in the log');
    expect(await page.locator('#findings').innerText()).toContain('The loss of step 9 is NaN');
    expect(await page.locator('figure[data-chart="metric:loss"]').innerText()).toContain('not finite');
    await picture(page, 'odd');
    await page.close();
  });

  test('300 weights with long names stay readable', async () => {
    writeFileSync(at('wide.html'), reportHtml(wideModel(model)));
    const { page, complaints } = await open(browser, at('wide.html'));
    await scrollThrough(page);
    expect(complaints).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')).toBe(false);
    await picture(page, 'wide');
    await page.close();
  });

  test('without scripts the findings are there as text', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`file://${at('high.html')}`);
    expect(await page.locator('noscript').innerText()).toContain('learning-rate-too-high');
    await context.close();
  });
});
