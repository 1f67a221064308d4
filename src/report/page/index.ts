import type { ReportModel } from '../model.js';
import { App } from './app.js';
import { follow, type LiveParts } from './live.js';
import { Settings } from './settings.js';
import style from './style.css';

const textOf = (id: string): string | null => document.getElementById(id)?.textContent ?? null;

const sheet = document.createElement('style');
sheet.textContent = style;
document.head.append(sheet);

const model = JSON.parse(textOf('model') ?? 'null') as ReportModel | null;
const root = document.getElementById('app');
if (model !== null && root !== null) {
  const settings = new Settings();
  document.documentElement.dataset['theme'] = settings.theme;
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', ({ matches }) => {
    settings.theme = matches ? 'dark' : 'light';
    settings.changed();
  });
  const live = JSON.parse(textOf('live') ?? 'null') as LiveParts | null;
  const app: { made?: App } = {};
  const state = live === null ? null : follow(live, (next) => app.made?.update(next));
  app.made = new App(root, model, settings, state);
}
