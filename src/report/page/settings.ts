import type { Axis } from './curve.js';
import type { Theme } from './palette.js';

/** What a person has chosen; all charts follow. */
export class Settings {
  axis: Axis = 'step';
  /** Weight of the moving average, 0: none. */
  smoothing = 0;
  theme: Theme;
  /** Of the axis across; null: all. */
  zoom: { readonly from: number; readonly to: number } | null = null;
  /** Runs that are not shown, by key. */
  readonly hidden = new Set<string>();
  /** Charts whose axis was switched. */
  readonly scales = new Map<string, 'linear' | 'log'>();
  readonly #listeners = new Set<() => void>();

  constructor() {
    this.theme = window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }

  /** @returns what ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  changed(): void {
    document.documentElement.dataset['theme'] = this.theme;
    for (const listener of this.#listeners) listener();
  }
}
