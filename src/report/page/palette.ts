export type Theme = 'light' | 'dark';

/**
 * Colours that people with any kind of colour vision tell apart (Okabe & Ito 2008, "Color Universal Design"), made darker
 * or lighter so that each has a contrast of at least 3 to 1 to the page (WCAG 2.2, 1.4.11).
 */
const series: Readonly<Record<Theme, readonly string[]>> = {
  light: ['#0072b2', '#c24a00', '#00785a', '#a6508a', '#8a6d00', '#1c86c7', '#555555', '#7a3fbf'],
  dark: ['#56b4e9', '#f0883e', '#2fc49a', '#e39cc7', '#e6c84c', '#8fb8ff', '#b8b8b8', '#c3a0ff'],
};

export interface Colours {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly ground: string;
  readonly bad: string;
  readonly mark: string;
  readonly selected: string;
  readonly series: readonly string[];
  /** From low to high: viridis (Smith & van der Walt 2015), whose lightness rises evenly. */
  readonly heat: readonly string[];
}

export const colours: Readonly<Record<Theme, Colours>> = {
  light: { text: '#1d2530', muted: '#58626f', line: '#d5dae1', ground: '#ffffff', bad: '#b3261e', mark: 'rgba(179, 38, 30, 0.12)', selected: 'rgba(0, 90, 156, 0.12)', series: series.light, heat: ['#440154', '#414487', '#2a788e', '#22a884', '#7ad151', '#fde725'] },
  dark: { text: '#e6eaf0', muted: '#a3adba', line: '#38424f', ground: '#161b22', bad: '#ff8a80', mark: 'rgba(255, 138, 128, 0.16)', selected: 'rgba(121, 192, 255, 0.16)', series: series.dark, heat: ['#440154', '#414487', '#2a788e', '#22a884', '#7ad151', '#fde725'] },
};

/** A canvas does not inherit it. */
export const font = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

export const colourOf = (theme: Theme, index: number): string => colours[theme].series[index % colours[theme].series.length] ?? '#888888';
