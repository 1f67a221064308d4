import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';

/** Where pictures of the pages are kept. */
export const pictures = fileURLToPath(new URL('../../out/browser/', import.meta.url));
mkdirSync(pictures, { recursive: true });

/** Debian's Chromium, or the one that CHROMIUM names. */
export const launch = (): Promise<Browser> => chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

export interface Opened {
  readonly page: Page;
  /** What the browser complained of: errors of the page, of the console, of its policy; and every request beyond the page. */
  readonly complaints: string[];
  readonly requests: string[];
}

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

/** Opens an address, or the file of a report. */
export async function open(browser: Browser, address: string, { width = 1280, height = 900, scheme = 'light' }: OpenOptions = {}): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(address.startsWith('http') ? address : pathToFileURL(address).href);
  await page.waitForSelector('h1');
  return { page, complaints, requests };
}

/** Goes over the whole page, so that every chart comes into sight once. */
export async function scrollThrough(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    for (let y = 0; y < document.body.scrollHeight; y += 500) {
      window.scrollTo(0, y);
      await new Promise((done) => setTimeout(done, 40));
    }
    window.scrollTo(0, 0);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  })()`);
}

export const picture = async (page: Page, name: string, fullPage = true): Promise<void> => {
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage });
};

/** Shares of the pixels of each canvas that are drawn on, by the chart that it is in. */
export const inkOf = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(`Object.fromEntries([...document.querySelectorAll('figure[data-chart]')].map((figure) => {
    const canvas = figure.querySelector('canvas');
    if (canvas === null) return [figure.dataset.chart, 0];
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let drawn = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) drawn += 1;
    return [figure.dataset.chart, drawn / (data.length / 4)];
  }))`);
