import { SingleBar } from 'cli-progress';
import { asValidation, type Metrics } from '../plugin/index.js';
import type { EpochRecord } from './fit-loop.js';

/** What the loop tells its progress display. */
export interface Progress {
  epochStart(epoch: number, epochs: number, steps: number | undefined): void;
  step(done: number, samples: number, metrics: Metrics): void;
  epochEnd(record: EpochRecord): void;
  close(): void;
}

const silent: Progress = { epochStart: () => undefined, step: () => undefined, epochEnd: () => undefined, close: () => undefined };

/** Four significant digits: enough to see a loss move, short enough for a line. */
export const shortNumber = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value));

/** `loss 0.1234  accuracy 0.97` */
export const metricsText = (metrics: Metrics): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${shortNumber(value)}`)
    .join('  ');

/**
 * A bar an epoch, on stderr: stdout carries only what was asked for. Where stderr is no terminal there is none, so
 * that a log file holds no control characters.
 * @param wanted true and false decide; 'auto' looks at stderr.
 */
export function openProgress(wanted: boolean | 'auto', stream: NodeJS.WriteStream = process.stderr): Progress {
  if (wanted === false || !stream.isTTY) return silent;
  let bar: SingleBar | undefined;
  let began = 0;
  return {
    epochStart(epoch, epochs, steps) {
      began = performance.now();
      bar = new SingleBar({
        stream,
        // A terminal is left as it was found, also by a Ctrl-C that nobody handles.
        hideCursor: false,
        linewrap: true,
        clearOnComplete: true,
        // The loop turns the event loop every 50 ms at least, so that the bar's own timer can draw; 5 a second are calm to read.
        fps: 5,
        etaBuffer: 50,
        format: steps === undefined ? `epoch ${String(epoch)}/${String(epochs)}  step {value}  {speed} samples/s  {metrics}` : `epoch ${String(epoch)}/${String(epochs)} {bar} {percentage}%  {eta_formatted} left  {speed} samples/s  {metrics}`,
        barsize: 20,
        barCompleteChar: '█',
        barIncompleteChar: '░',
      });
      bar.start(steps ?? 0, 0, { speed: '-', metrics: '' });
    },
    step(done, samples, metrics) {
      const seconds = (performance.now() - began) / 1000;
      bar?.update(done, { speed: seconds > 0 ? String(Math.round(samples / seconds)) : '-', metrics: metricsText(metrics) });
    },
    epochEnd({ epoch, metrics, validation, milliseconds }) {
      bar?.stop();
      bar = undefined;
      const both = { ...metrics, ...asValidation(validation ?? {}) };
      stream.write(`epoch ${String(epoch)}  ${(milliseconds / 1000).toFixed(1)} s  ${metricsText(both)}\n`);
    },
    close() {
      bar?.stop();
      bar = undefined;
    },
  };
}
