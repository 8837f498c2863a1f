import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { type Agent, defineAgent, defineConfig, defineTool, type InferApi } from '../../src/index.ts';
import { scriptedModel } from '../../src/testing/index.ts';

const lookup = defineTool({ name: 'lookup', description: '', input: z.object({ id: z.string() }), output: z.number(), execute: () => 1 });
const support = defineAgent({ description: '', model: scriptedModel([]), tools: [lookup] });

test('an option that there is not does not compile', () => {
  // @ts-expect-error: it is `database`
  defineConfig({ agents: { support }, databse: 'file:a.db' });
  // @ts-expect-error: it is `maxRuns`
  defineConfig({ agents: { support }, limits: { maxRunz: 1 } } satisfies Parameters<typeof defineConfig>[0]);
  // @ts-expect-error: no agents
  defineConfig({ database: 'file:a.db' });
});

test('the types of its agents are kept', () => {
  const config = defineConfig({ agents: { support }, database: 'file:a.db', limits: { maxRuns: 1 }, onStart: () => {} });
  expectTypeOf(config.agents.support).toExtend<Agent>();
  type Api = InferApi<typeof config.agents>;
  expectTypeOf<Api['support']['tools']['lookup']['input']>().toEqualTypeOf<{ id: string }>();
});
