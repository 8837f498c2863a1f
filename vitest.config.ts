import { defineConfig } from 'vitest/config';

// Where CI wants the result as JSON too, to count what ran.
const report = process.env.VERBATIM_TEST_REPORT;

/** Their files share a process, and load what they test once: to load it costs more than most of them. The others change the process itself. */
const SHARED = ['agents', 'ai-sdk', 'authority', 'client', 'contract', 'db', 'docs', 'mcp', 'regression', 'runs', 'server', 'testing'];
const shared = SHARED.map((folder) => `test/${folder}/**/*.test.{ts,tsx}`);

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'shared', include: shared, isolate: false } },
      { extends: true, test: { name: 'own', include: ['test/**/*.test.{ts,tsx}', 'examples/**/*.test.ts'], exclude: shared } },
    ],
    passWithNoTests: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // CI's machines are shared and noisy, and some tests wait for real time. A test that needed it is marked in the report: look into it.
    retry: process.env.CI === undefined ? 0 : 1,
    globalSetup: ['test/support/tellWithoutBrowser.ts'],
    // Servers of tests say nothing unless they are asked to.
    env: { VERBATIM_LOG_LEVEL: 'silent' },
    pool: 'forks',
    maxWorkers: 3,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});
