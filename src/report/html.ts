import { createHash } from 'node:crypto';
import { pageBundle } from './bundle.js';
import type { ReportModel } from './model.js';

/** What a page does that is served while a training runs. */
export interface LivePage {
  /** Path of the server-sent events. */
  readonly events: string;
  /** Where it sends what is to be done; null: it can only look. */
  readonly control: { readonly path: string } | null;
}

export interface HtmlOptions {
  readonly live?: LivePage;
}

/** JSON in a script element: without a "<" nothing in it can end the element or begin another. */
const embedded = (id: string, value: unknown): string => `<script type="application/json" id="${id}">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');

/** What the page may do: run its own script, and nothing else; on a live page, talk to where it came from. */
export function contentSecurityPolicy({ live }: HtmlOptions = {}): string {
  const hash = createHash('sha256').update(script()).digest('base64');
  return [`default-src 'none'`, `script-src 'sha256-${hash}'`, `style-src 'unsafe-inline'`, `img-src data: blob:`, `base-uri 'none'`, `form-action 'none'`, ...(live === undefined ? [] : [`connect-src 'self'`])].join('; ');
}

const script = (): string => pageBundle().replaceAll('</script', '<\\/script');

/** The page, whole: it needs no network and no other file. What it shows came from a log, and is put in as data and as text alone. */
export function reportHtml(model: ReportModel, options: HtmlOptions = {}): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy(options)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="trainscope">
<title>${escaped(model.title)}</title>
</head>
<body>
<noscript>${withoutScript(model)}</noscript>
<div id="app"></div>
${embedded('model', model)}
${options.live === undefined ? '' : embedded('live', options.live)}
<script>${script()}</script>
</body>
</html>
`;
}

/** For a reader without scripts: what was found, as text. */
function withoutScript({ title, runs }: ReportModel): string {
  const of = ({ name, status, findings }: ReportModel['runs'][number]): string =>
    `<h2>${escaped(name)} (${status})</h2>${findings.length === 0 ? '<p>No finding.</p>' : `<ul>${findings.map(({ severity, rule, message, remedy }) => `<li>${severity} (${escaped(rule)}): ${escaped(message)}. ${escaped(remedy)}</li>`).join('')}</ul>`}`;
  return `<h1>${escaped(title)}</h1><p>The charts need scripts.</p>${runs.map(of).join('')}`;
}
