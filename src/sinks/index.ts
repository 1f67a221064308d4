/** Where events go beyond pino and the log file: monitoring systems. */
export { openTelemetrySink, type OpenTelemetrySinkOptions } from './open-telemetry.js';
export { prometheusSink, type PrometheusRegistry, type PrometheusSink, type PrometheusSinkOptions } from './prometheus.js';
export type { PackagePlace } from './require-package.js';
