/**
 * What a report of a long log costs: seconds and memory to make it, seconds until it is open in a browser.
 *
 *   npm run bench:report -- [--events 1000000] [--json FILE] [--keep]
 *
 * The command runs as a person runs it, in a process of its own. The page is opened in Chromium (Debian: apt-get install
 * chromium; another place: CHROMIUM=path) from the file, three times, of which the median counts: from the start of the
 * navigation until its curves are drawn. --keep: log and page stay in out/.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { chromium } from 'playwright-core';
import { median } from 'simple-statistics';
import type { ReportModel } from '../src/report/index.js';
import { writeFigures } from './figures.js';
import { spikes, writeLongLog } from './report/long-log.js';

const { values: options } = parseArgs({ options: { events: { type: 'string', default: '1000000' }, json: { type: 'string' }, keep: { type: 'boolean', default: false } } });
const events = Number(options.events);
if (!Number.isSafeInteger(events) || events < 100) throw new Error('--events takes a whole number from 100');

const folder = join('out', 'bench-report');
mkdirSync(folder, { recursive: true });
const [log, page] = [join(folder, 'events.ndjson'), join(folder, 'report.html')];
const mebibyte = 2 ** 20;

/** The highest resident memory of a process and of what it started, MiB, looked at every 50 ms (Linux), and its seconds. */
function run(args: readonly string[]): Promise<{ readonly seconds: number; readonly peak: number }> {
  return new Promise((done, fail) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    let peak = 0;
    const look = setInterval(() => {
      peak = Math.max(peak, residentMiB(child.pid ?? 0));
    }, 50);
    child.once('error', fail);
    child.once('close', (code) => {
      clearInterval(look);
      if (code === 0) done({ seconds: (performance.now() - began) / 1000, peak });
      else fail(new Error(`the command ended with code ${String(code)}`));
    });
  });
}

function residentMiB(pid: number): number {
  try {
    const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) / 1024;
    const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return own + children.reduce((sum, each) => sum + residentMiB(Number(each)), 0);
  } catch {
    return 0; // It has just ended.
  }
}

/** Seconds until the curves are there, and the values that the page holds. */
async function open(): Promise<{ readonly seconds: number; readonly model: ReportModel }> {
  const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  try {
    const tab = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const began = performance.now();
    await tab.goto(pathToFileURL(resolve(page)).href, { waitUntil: 'load' });
    await tab.waitForSelector('canvas', { state: 'visible' });
    // Two frames: what was drawn is on the screen.
    await tab.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    const seconds = (performance.now() - began) / 1000;
    const text = await tab.evaluate<string>(`document.getElementById('model').textContent`);
    return { seconds, model: JSON.parse(text) as ReportModel };
  } finally {
    await browser.close();
  }
}

/** The spikes of the log must be in the page, at their steps. */
function checkExtremes({ runs: [run] }: ReportModel): void {
  const expected = [['metric:loss/training (batch)', spikes.loss] as const, ['gradient-norm/all gradients', spikes.norm] as const];
  for (const [id, { step, value }] of expected) {
    const series = run?.series.find((each) => each.id === id);
    // A short log ends before them.
    if (series === undefined || (series.last?.step ?? 0) < step) continue;
    if (series.values[series.steps.indexOf(step)] !== value) throw new Error(`the spike of ${id} at step ${String(step)} is not in the page`);
  }
}

const bytes = await writeLongLog(log, events);
const made = await run([resolve('bin/trainscope.js'), 'report', log, '-o', page]);
const opened = [await open(), await open(), await open()];
for (const { model } of opened) checkExtremes(model);
const figures = { events: opened[0]?.model.runs[0]?.log.total ?? 0, seconds: made.seconds, peak_mib: made.peak, open_seconds: median(opened.map(({ seconds }) => seconds)) };
const table = new Table({ head: ['', ''] });
table.push(
  ['events', String(figures.events)],
  ['log', `${(bytes / mebibyte).toFixed(0)} MiB`],
  ['report made in', `${figures.seconds.toFixed(1)} s`],
  ['memory at most', `${figures.peak_mib.toFixed(0)} MiB`],
  ['page', `${(statSync(page).size / mebibyte).toFixed(1)} MiB`],
  ['open in Chromium after', `${figures.open_seconds.toFixed(2)} s`],
);
process.stdout.write(`${table.toString()}\n`);
if (options.json !== undefined) writeFigures(options.json, { figures, tables: { logBytes: bytes, pageBytes: statSync(page).size, openSeconds: opened.map(({ seconds }) => seconds) } });
if (!options.keep) rmSync(folder, { recursive: true });
