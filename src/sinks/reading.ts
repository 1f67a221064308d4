/** Units as UCUM writes them, which OpenTelemetry uses; '1' is a plain number or a ratio. */
export type Unit = '1' | 's' | 'By' | 'W' | 'Cel' | 'Hz' | '{step}' | '{sample}' | '{epoch}' | '{event}' | '{finding}' | '{error}' | '{run}';

/** One number for a monitoring system: what a scrape or an export shows under a name and labels. */
export interface Reading {
  readonly kind: 'gauge' | 'counter' | 'histogram';
  /** snake_case words without the unit, with dots between namespaces: `loss`, `step.duration`. */
  readonly name: string;
  readonly unit: Unit;
  readonly help: string;
  /** The same keys for every reading of one name. */
  readonly labels: Readonly<Record<string, string>>;
  /** A gauge's value, what a counter grows by, what a histogram takes. In base units: seconds, bytes. */
  readonly value: number;
  /** How often a histogram takes it. */
  readonly times?: number;
  /** The name is one of OpenTelemetry's semantic conventions, and goes without a prefix there. */
  readonly convention?: true;
}

/** snake_case of a name of any kind: `maxAbs` and `max-abs` are `max_abs`. */
export const snake = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^a-zA-Z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
