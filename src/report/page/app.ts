import { chartGroups, type Chart, type ChartGroup, type ReportModel, type RunModel } from '../model.js';
import { confusionOf } from './confusion.js';
import type { Axis } from './curve.js';
import { folded, h } from './dom.js';
import { comparisonSection, decompositionSection, detailsSection, runsSection, timeParts } from './facts.js';
import { findingsSection } from './findings.js';
import { HeatView } from './heat.js';
import { PlotView, type Shown } from './plot.js';
import { colourOf } from './palette.js';
import { samplesOf } from './samples.js';
import type { Settings } from './settings.js';

const headings: Readonly<Record<ChartGroup, string>> = {
  metrics: 'Loss and metrics',
  'learning-rate': 'Learning rate',
  gradients: 'Gradients',
  weights: 'Weights',
  updates: 'Updates',
  activations: 'Activations',
  predictions: 'Predictions',
  time: 'Time',
  hardware: 'Hardware',
  other: 'More measurements',
};

/** The page: made once from the first model, and brought up to date with each one that follows. */
export class App {
  readonly #root: HTMLElement;
  readonly #settings: Settings;
  readonly #parts = new Map<string, HTMLElement>();
  readonly #plots = new Map<string, PlotView>();
  readonly #heats = new Map<string, HeatView>();
  /** Charts within findings and samples, which are made anew with their part of the page. */
  readonly #small = new Map<string, PlotView[]>();
  readonly #groups = new Map<ChartGroup, { readonly section: HTMLElement; readonly charts: HTMLElement; readonly details: HTMLElement; readonly heats: HTMLElement; readonly more: HTMLElement }>();
  readonly #texts = new Map<string, string>();
  #model: ReportModel;
  #search = '';

  constructor(root: HTMLElement, model: ReportModel, settings: Settings, live: HTMLElement | null) {
    this.#root = root;
    this.#model = model;
    this.#settings = settings;
    root.append(
      h('a', { class: 'skip', href: '#findings' }, 'Skip to the findings'),
      h('header', {}, h('h1', {}, model.title), h('div', { class: 'tools' }, this.#themeButton(), h('button', { type: 'button', class: 'quiet', onclick: () => {
          window.print();
        } }, 'Print'))),
      live ?? '',
      this.#place('nav', 'nav'),
      h('main', { id: 'main' }, this.#place('runs'), this.#place('findings'), this.#controls(), ...chartGroups.map((group) => this.#group(group)), this.#place('error'), this.#place('comparison'), this.#place('details')),
      h('footer', {}, h('p', { class: 'muted' }, 'Made by trainscope.')),
    );
    window.addEventListener('beforeprint', () => {
      this.#print(true);
    });
    window.addEventListener('afterprint', () => {
      this.#print(false);
    });
    window.addEventListener('resize', () => {
      for (const view of [...this.#plots.values(), ...this.#heats.values(), ...this.#smallOnes()]) view.resize();
    });
    this.update(model);
  }

  update(model: ReportModel): void {
    this.#model = model;
    const { runs, comparison } = model;
    const several = runs.length > 1;
    this.#replace('runs', runs.map(({ series: _, heatMaps: __, samples: ___, ...rest }) => rest), () => runsSection(model));
    this.#replace('findings', [runs.map(({ key, findings, name }) => [key, name, findings]), runs.map(({ environment }) => environment?.plugins)], (plots) => findingsSection(runs, this.#settings, plots));
    this.#replace('error', [runs.map(({ name, decomposition }) => [name, decomposition]), comparison?.decomposition], () => decompositionSection(runs, comparison));
    this.#replace('comparison', comparison, () => comparisonSection(model));
    this.#replace('details', runs.map(({ configuration, environment, log, troubles, resumes, name }) => [configuration, environment, log, troubles, resumes, name]), () => detailsSection(runs));
    for (const group of chartGroups) this.#fill(group, runs, several);
    for (const plot of this.#smallOnes()) plot.refresh(runs);
    this.#navigate();
    this.#filter();
  }

  #place(name: string, tag: 'div' | 'nav' = 'div'): HTMLElement {
    const element = h(tag, tag === 'nav' ? { 'aria-label': 'Parts of the page' } : { class: 'place' });
    this.#parts.set(name, element);
    return element;
  }

  /** Makes a part anew when what it shows has changed; what was open stays open, and what had the focus has it. */
  #replace(name: string, content: object | null | undefined, make: (plots: PlotView[]) => HTMLElement | null): void {
    const text = JSON.stringify(content ?? null);
    if (this.#texts.get(name) === text) return;
    this.#texts.set(name, text);
    const place = this.#parts.get(name);
    if (place === undefined) return;
    const open = new Set([...place.querySelectorAll<HTMLDetailsElement>('details[open]')].map((each) => each.dataset['key'] ?? ''));
    for (const plot of this.#small.get(name) ?? []) plot.dispose();
    const plots: PlotView[] = [];
    this.#small.set(name, plots);
    const made = make(plots);
    place.replaceChildren(...(made === null ? [] : [made]));
    for (const each of place.querySelectorAll('details')) if (open.has(each.dataset['key'] ?? '')) each.open = true;
  }

  #smallOnes(): readonly PlotView[] {
    return [...this.#small.values()].flat();
  }

  #group(group: ChartGroup): HTMLElement {
    const charts = h('div', { class: 'grid' });
    const details = h('div', { class: 'grid' });
    const heats = h('div', { class: 'heats' });
    const more = folded(`more-${group}`, 'More charts', details);
    more.addEventListener('toggle', () => {
      if (more.open) for (const plot of this.#plots.values()) if (details.contains(plot.element)) plot.show();
    });
    const extra = this.#place(`extra-${group}`);
    const section = h('section', { id: group, 'aria-labelledby': `${group}-head`, hidden: true }, h('h2', { id: `${group}-head` }, headings[group]), group === 'time' || group === 'predictions' ? extra : null, charts, heats, more);
    this.#groups.set(group, { section, charts, details, heats, more });
    return section;
  }

  #fill(group: ChartGroup, runs: readonly RunModel[], several: boolean): void {
    const parts = this.#groups.get(group);
    if (parts === undefined) return;
    const charts = new Map<string, { chart: Chart; shown: Shown[] }>();
    for (const run of runs) {
      const byId = new Map(run.series.map((series) => [series.id, series]));
      for (const chart of run.charts) {
        if (chart.group !== group) continue;
        const entry = charts.get(chart.id) ?? { chart, shown: [] };
        charts.set(chart.id, entry);
        for (const id of chart.series) {
          const series = byId.get(id);
          if (series !== undefined) entry.shown.push({ run, series });
        }
      }
    }
    for (const [id, { chart, shown }] of charts) {
      const plot = this.#plots.get(id);
      if (plot !== undefined) plot.update({ chart, shown, several });
      else {
        const made = new PlotView({ chart, shown, several }, this.#settings);
        this.#plots.set(id, made);
        (chart.detail ? parts.details : parts.charts).append(made.element);
      }
    }
    let heats = 0;
    for (const run of runs) {
      for (const heat of run.heatMaps) {
        if (heat.group !== group) continue;
        heats += 1;
        const key = `${run.key} ${heat.id}`;
        const known = this.#heats.get(key);
        if (known !== undefined) known.update(heat);
        else {
          const made = new HeatView(heat, run, several, this.#settings);
          this.#heats.set(key, made);
          parts.heats.append(made.element);
        }
      }
    }
    if (group === 'predictions') this.#replace('extra-predictions', runs.map(({ samples, confusion, name }) => [samples, confusion, name]), (plots) => h('div', {}, ...runs.flatMap((run) => [...confusionOf(run, several), samplesOf(run, several, this.#settings, plots)])));
    if (group === 'time') this.#replace('extra-time', runs.map(({ time, name }) => [time, name]), () => h('div', {}, ...timeParts(runs)));
    const hasMore = parts.details.childElementCount > 0;
    parts.more.hidden = !hasMore;
    parts.section.hidden = charts.size === 0 && heats === 0 && !(group === 'time') && !(group === 'predictions' && runs.some(({ samples, confusion }) => samples.length + confusion.length > 0));
  }

  #navigate(): void {
    const sections = [...this.#root.querySelectorAll<HTMLElement>('main section')].filter(({ id, hidden }) => id !== '' && id !== 'runs' && !hidden);
    const links = sections.map((section) => [section.id, section.querySelector('h2')?.firstChild?.textContent ?? section.id] as const);
    this.#replace('nav', links, () => h('ul', {}, ...links.map(([id, text]) => h('li', {}, h('a', { href: `#${id}` }, text)))));
  }

  #controls(): HTMLElement {
    const settings = this.#settings;
    const axes: readonly (readonly [Axis, string])[] = [['step', 'Steps'], ['epoch', 'Epochs'], ['time', 'Time']];
    const smoothing = h('output', {}, '0');
    const runs = this.#model.runs.length < 2 ? null : h('fieldset', {}, h('legend', {}, 'Runs'), ...this.#model.runs.map((run, i) => {
        const dot = h('span', { class: 'dot', 'aria-hidden': 'true' });
        settings.onChange(() => {
          dot.style.background = colourOf(settings.theme, i);
        });
        dot.style.background = colourOf(settings.theme, i);
        return h('label', {}, h('input', { type: 'checkbox', checked: true, onchange: (event) => {
            if ((event.target as HTMLInputElement).checked) settings.hidden.delete(run.key);
            else settings.hidden.add(run.key);
            settings.changed();
          } }), dot, ` ${run.name}`);
      }));
    return h(
      'section',
      { class: 'bar-of-controls', 'aria-label': 'All charts' },
      h('fieldset', {}, h('legend', {}, 'Across'), ...axes.map(([axis, word]) => h('label', {}, h('input', { type: 'radio', name: 'axis', value: axis, checked: axis === settings.axis, onchange: () => {
            settings.axis = axis;
            settings.zoom = null;
            settings.changed();
          } }), word))),
      h('label', { class: 'smoothing' }, 'Smoothing ', h('input', { type: 'range', min: 0, max: 0.99, step: 0.01, value: 0, oninput: (event) => {
          settings.smoothing = Number((event.target as HTMLInputElement).value);
          smoothing.value = String(settings.smoothing);
          settings.changed();
        } }), smoothing),
      h('label', {}, 'Find a chart ', h('input', { type: 'search', oninput: (event) => {
          this.#search = (event.target as HTMLInputElement).value.toLowerCase();
          this.#filter();
        } })),
      h('button', { type: 'button', class: 'quiet', onclick: () => {
          settings.zoom = null;
          settings.changed();
        } }, 'Show all steps'),
      runs,
    );
  }

  #filter(): void {
    for (const view of [...this.#plots.values(), ...this.#heats.values()]) {
      const name = view.element.querySelector('.name')?.textContent.toLowerCase() ?? '';
      view.element.hidden = this.#search !== '' && !name.includes(this.#search);
    }
    if (this.#search !== '') for (const { more } of this.#groups.values()) if (more instanceof HTMLDetailsElement && more.querySelector('figure:not([hidden])') !== null) more.open = true;
  }

  #themeButton(): HTMLElement {
    const settings = this.#settings;
    const word = (): string => (settings.theme === 'dark' ? 'Light' : 'Dark');
    const button = h('button', { type: 'button', class: 'quiet', onclick: () => {
        settings.theme = settings.theme === 'dark' ? 'light' : 'dark';
        settings.changed();
      } }, word());
    settings.onChange(() => {
      button.textContent = word();
    });
    return button;
  }

  /** On paper all is open, drawn, and dark on light. */
  #print(isPrinted: boolean): void {
    if (isPrinted) {
      this.#before = { theme: this.#settings.theme, open: [...this.#root.querySelectorAll<HTMLDetailsElement>('details:not([open])')] };
      for (const each of this.#before.open) each.open = true;
      this.#settings.theme = 'light';
      document.body.classList.add('printing');
      for (const view of [...this.#plots.values(), ...this.#heats.values(), ...this.#smallOnes()]) {
        view.show();
        view.resize();
      }
    } else {
      for (const each of this.#before?.open ?? []) each.open = false;
      this.#settings.theme = this.#before?.theme ?? 'light';
      document.body.classList.remove('printing');
    }
    this.#settings.changed();
  }
  #before: { readonly theme: 'light' | 'dark'; readonly open: readonly HTMLDetailsElement[] } | undefined;
}
