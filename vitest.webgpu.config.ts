import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

/** The suite of `npm run test:webgpu`: every layer on webgpu against cpu, and what webgpu alone has. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/backend/layers.test.ts', 'test/webgpu/*.webgpu.ts'],
    // One device at a time: a software driver takes all cores for one.
    fileParallelism: false,
    env: { TRAINSCOPE_TEST_BACKEND: 'webgpu' },
  },
});
