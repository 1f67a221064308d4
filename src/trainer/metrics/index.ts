export { checkMetricEntry, compileMetrics, type CompiledMetrics, type MetricEntry, type MetricsSpec } from './compile-metrics.js';
export { knownMetricNames, metricConfigSchema, type MetricConfig, type MetricName } from './metric-names.js';
export type { MetricFunction } from './metric.js';
