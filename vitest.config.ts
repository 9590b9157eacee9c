import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What a server reaches by itself, it reaches later on a machine that is busy.
    expect: { poll: { timeout: 60_000 } },
    reporters: ['default', './scripts/summary-reporter.ts'],
  },
});
