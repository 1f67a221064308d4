import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

/** What a person sees, in a real Chromium. */
export default mergeConfig(
  defineConfig({ resolve: base.resolve ?? {} }),
  defineConfig({ test: { include: ['test/browser/**/*.test.ts'], pool: 'forks', fileParallelism: false, testTimeout: 180_000, hookTimeout: 180_000 } }),
);
