import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

/** Where events go, with the real packages and servers. */
export default mergeConfig(
  defineConfig({ resolve: base.resolve ?? {} }),
  defineConfig({ test: { include: ['test/aggregators/**/*.test.ts'], pool: 'forks', fileParallelism: false, testTimeout: 180_000, hookTimeout: 180_000 } }),
);
