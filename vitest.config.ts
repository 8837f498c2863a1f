import { defineConfig } from 'vitest/config';

// Where CI wants the result as JSON too, to count what ran.
const report = process.env.VERBATIM_TEST_REPORT;

const ALL = ['test/**/*.test.{ts,tsx}', 'examples/**/*.test.ts'];
/** Their files share processes, and load what they test once in each: to load it costs more than most of them. */
const SHARED = [
  'agents',
  'ai-sdk',
  'authority',
  'cli',
  'client',
  'contract',
  'db',
  'docs',
  'mcp',
  'regression',
  'runs',
  'server',
  'testing',
].map((folder) => `test/${folder}/**/*.test.ts`);
/** Holds more than the process may, and looks at what is read meanwhile: others in the same process would be in its way. */
const ALONE = ['test/server/backPressure.test.ts'];
/** They share a browser too. */
const IN_BROWSER = ['test/console/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      // They wait more than they compute.
      {
        extends: true,
        test: { name: 'shared', include: SHARED, exclude: ALONE, isolate: false, maxWorkers: 4, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { name: 'browser', include: IN_BROWSER, isolate: false, globalSetup: ['test/support/tellWithoutBrowser.ts'] },
      },
      { extends: true, test: { name: 'own', include: ALL, exclude: [...SHARED, ...IN_BROWSER] } },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
    passWithNoTests: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // CI's machines are shared and noisy, and some tests wait for real time. A test that needed it is marked in the report: look into it.
    retry: process.env.CI === undefined ? 0 : 1,
    // Servers of tests say nothing unless they are asked to.
    env: { VERBATIM_LOG_LEVEL: 'silent' },
    pool: 'forks',
    maxWorkers: 3,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});
