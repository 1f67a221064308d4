import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // The published names, so that plugins and examples are written as a third party's would be.
    alias: [
      { find: /^trainscope$/, replacement: at('./src/index.ts') },
      { find: /^trainscope\/plugin$/, replacement: at('./src/plugin/index.ts') },
      { find: /^trainscope\/plugins$/, replacement: at('./plugins/index.ts') },
      { find: /^trainscope\/config$/, replacement: at('./src/config.ts') },
      { find: /^trainscope\/checkpoint$/, replacement: at('./src/checkpoint/index.ts') },
      { find: /^trainscope\/diagnosis$/, replacement: at('./src/diagnosis/index.ts') },
      { find: /^trainscope\/schedules$/, replacement: at('./src/schedules/index.ts') },
      { find: /^trainscope\/testing$/, replacement: at('./src/testing/index.ts') },
      { find: /^trainscope\/worker$/, replacement: at('./src/worker/index.ts') },
      { find: /^trainscope\/loader$/, replacement: at('./src/loader/index.ts') },
      { find: /^trainscope\/sinks$/, replacement: at('./src/sinks/index.ts') },
      { find: /^trainscope\/report$/, replacement: at('./src/report/index.ts') },
      { find: /^trainscope\/layers$/, replacement: at('./src/layers/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // They want a browser, or servers: test:browser and test:aggregators.
    exclude: ['test/browser/**', 'test/aggregators/**', '**/node_modules/**'],
    pool: 'forks',
    // Vitest leaves one core to itself: on two that would be one file at a time, while many of them wait for processes.
    maxWorkers: '100%',
    testTimeout: 120_000,
    typecheck: { enabled: false },
    coverage: { provider: 'v8', include: ['src/**/*.ts', 'plugins/**/*.ts'], reporter: ['text-summary', 'json-summary'] },
  },
});
