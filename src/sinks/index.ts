/** Where events go beyond pino and the log file: monitoring systems, TensorBoard, tables. */
export { csvSink, type CsvSinkOptions } from './csv.js';
export { openTelemetrySink, type OpenTelemetrySinkOptions } from './open-telemetry.js';
export { prometheusSink, type PrometheusRegistry, type PrometheusSink, type PrometheusSinkOptions } from './prometheus.js';
export type { PackagePlace } from './require-package.js';
export { tensorBoardSink, type TensorBoardSinkOptions } from './tensor-board.js';
