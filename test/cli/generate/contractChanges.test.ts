import { expect, test } from 'vitest';
import { z } from 'zod';
import { contractOf } from '../../../src/agents/contractOf.ts';
import { contractChanges } from '../../../src/cli/generate/contractChanges.ts';
import { type Agent, defineAgent, defineTool, type Json, offline, type Tool } from '../../../src/index.ts';

const node = z.object({
  name: z.string(),
  get children() {
    return z.array(node);
  },
});
const heavyNode = z.object({
  name: z.string(),
  weight: z.number(),
  get children() {
    return z.array(heavyNode);
  },
});

interface Schemas {
  readonly input?: z.ZodObject;
  readonly output?: z.ZodType;
}
/** Whether they are JSON is known to whoever calls this, and not to the compiler. */
const tool = (name: string, { input = z.object({}), output = z.null() }: Schemas = {}): Tool =>
  defineTool({
    name,
    description: `Does ${name}`,
    input: input as z.ZodObject<Record<never, never>>,
    output: output as z.ZodNull,
    execute: () => null,
  });
const agent = (...tools: Tool[]): Agent => defineAgent({ description: 'Helps', model: offline(), tools }) as Agent;

const changes = (before: Record<string, Agent>, after: Record<string, Agent>) =>
  contractChanges(contractOf(before), contractOf(after)).map(({ text, isBreaking }) => `${isBreaking ? '!' : ' '} ${text}`);
const inputChanges = (before: z.ZodType, after: z.ZodType) =>
  changes(
    { a: agent(tool('refund', { input: z.object({ x: before }) })) },
    { a: agent(tool('refund', { input: z.object({ x: after }) })) },
  );
const outputChanges = (before: z.ZodType, after: z.ZodType) =>
  changes({ a: agent(tool('refund', { output: before })) }, { a: agent(tool('refund', { output: after })) });

const IN = 'input of tool refund';
const OUT = 'output of tool refund';

test.each<[name: string, before: z.ZodType, after: z.ZodType, changes: string[]]>([
  ['nothing', z.string(), z.string(), []],
  ['a description', z.string(), z.string().describe('new'), [`  reworded the ${IN}`]],
  ['a type', z.string(), z.number(), [`! changed ${IN}: x changed from a string to a number`]],
  ['null taken away', z.string().nullable(), z.string(), [`! narrowed ${IN}: x is no longer null`]],
  ['null added', z.string(), z.string().nullable(), [`! widened ${IN}: x may now be null`]],
  ['a member of an enum taken away', z.enum(['a', 'b']), z.enum(['a']), [`! narrowed ${IN}: x is no longer "b"`]],
  ['a member of an enum added', z.enum(['a']), z.enum(['a', 'b']), [`! widened ${IN}: x may now be "b"`]],
  ['a string to an enum', z.string(), z.enum(['a']), [`! narrowed ${IN}: x is no longer any string`]],
  ['an enum to a string', z.enum(['a']), z.string(), [`! widened ${IN}: x may now be any string`]],
  ['a tighter bound', z.number().max(200), z.number().max(100), [`! narrowed ${IN}: x is now at most 100, was 200`]],
  ['a looser bound', z.number().max(100), z.number().max(200), [`  widened ${IN}: x is now at most 200, was 100`]],
  ['a new bound', z.string(), z.string().min(3), [`! narrowed ${IN}: x is now at least this long: 3`]],
  [
    'whole numbers',
    z.number(),
    z.int32(),
    [
      `! narrowed ${IN}: x is now at least -2147483648`,
      `! narrowed ${IN}: x is now at most 2147483647`,
      `! narrowed ${IN}: x is now a whole number`,
    ],
  ],
  ['a pattern', z.string(), z.string().regex(/a/), [`! narrowed ${IN}: x has a pattern now: "a"`]],
  [
    'a closed object',
    z.object({ a: z.string() }),
    z.strictObject({ a: z.string() }),
    [`! narrowed ${IN}: x takes no other fields any more`],
  ],
  ['a field that must be there', z.object({}), z.object({ a: z.string() }), [`! narrowed ${IN}: x.a is now required`]],
  ['a field that may be there', z.object({}), z.object({ a: z.string().optional() }), [`  ${IN} gained field x.a`]],
  ['a field that is gone', z.object({ a: z.string() }), z.object({}), [`! ${IN} lost field x.a`]],
  [
    'a field made optional',
    z.object({ a: z.string() }),
    z.object({ a: z.string().optional() }),
    [`! widened ${IN}: x.a may now be missing`],
  ],
  ['a field made required', z.object({ a: z.string().optional() }), z.object({ a: z.string() }), [`! narrowed ${IN}: x.a is now required`]],
  [
    'a field with a default now',
    z.object({ a: z.string() }),
    z.object({ a: z.string().default('x') }),
    [`  widened ${IN}: x.a may now be left out`],
  ],
  [
    'an item',
    z.array(z.object({ price: z.number() })),
    z.array(z.object({ price: z.string() })),
    [`! changed ${IN}: x[].price changed from a number to a string`],
  ],
  [
    'a record',
    z.record(z.string(), z.number()),
    z.record(z.string(), z.string()),
    [`! changed ${IN}: x.* changed from a number to a string`],
  ],
  [
    'a place of a tuple',
    z.tuple([z.string(), z.string()]),
    z.tuple([z.string(), z.number()]),
    [`! changed ${IN}: x[1] changed from a string to a number`],
  ],
  [
    'a member of a told union',
    z.discriminatedUnion('t', [z.object({ t: z.literal('a'), v: z.string() }), z.object({ t: z.literal('b') })]),
    z.discriminatedUnion('t', [z.object({ t: z.literal('a'), v: z.number() }), z.object({ t: z.literal('c') })]),
    [
      `! narrowed ${IN}: x is no longer an object with t: "b"`,
      `! widened ${IN}: x may now be an object with t: "c"`,
      `! changed ${IN}: x.v changed from a string to a number`,
    ],
  ],
  ['what refers to itself', node, heavyNode, [`! narrowed ${IN}: x.weight is now required`]],
])('of an input: %s', (_, before, after, expected) => {
  expect(inputChanges(before, after)).toEqual(expected);
});

test.each<[name: string, before: z.ZodType, after: z.ZodType, changes: string[]]>([
  ['a field that is gone', z.object({ total: z.number() }), z.object({}), [`! ${OUT} lost field total`]],
  ['a new field', z.object({}), z.object({ total: z.number() }), [`  ${OUT} gained field total`]],
  [
    'a field that may be missing',
    z.object({ total: z.number() }),
    z.object({ total: z.number().optional() }),
    [`! widened ${OUT}: total may now be missing`],
  ],
  [
    'a field that is always there',
    z.object({ total: z.number().optional() }),
    z.object({ total: z.number() }),
    [`  ${OUT} always has field total now`],
  ],
  ['less is harmless', z.enum(['a', 'b']), z.enum(['a']), [`  narrowed ${OUT}: it is no longer "b"`]],
  ['more is not', z.enum(['a']), z.enum(['a', 'b']), [`! widened ${OUT}: it may now be "b"`]],
])('of an output, which clients only read: %s', (_, before, after, expected) => {
  expect(outputChanges(before, after)).toEqual(expected);
});

test('agents and tools that come and go', () => {
  const before = { a: agent(tool('lookup_order'), tool('refund')), b: agent() };
  const after = { a: agent(tool('refund'), tool('ship')), c: agent() };
  expect(changes(before, after)).toEqual([
    '! removed tool lookup_order from agent a',
    '! removed agent b',
    '  added tool ship to agent a',
    '  added agent c',
  ]);
});

test('a tool of two agents changes once', () => {
  const [old, now] = [tool('refund'), tool('refund', { input: z.object({ amount: z.number() }) })];
  expect(changes({ a: agent(old), b: agent(old) }, { a: agent(now), b: agent(now) })).toEqual([
    '! narrowed input of tool refund: amount is now required',
  ]);
});

test('who carries a tool out, and whether a person is asked', () => {
  const common = { name: 'refund', description: 'Refunds', input: z.object({}), output: z.object({ id: z.string() }) };
  const plain = defineTool({ ...common, execute: () => ({ id: '' }) });
  const asking = defineTool({ ...common, needsApproval: true, execute: () => ({ id: '' }) });
  const client = defineTool(common);
  const of = (one: unknown) => ({ a: agent(one as Tool) });
  expect(changes(of(plain), of(asking))).toEqual(['! tool refund may now ask a person for approval']);
  expect(changes(of(asking), of(plain))).toEqual(['  tool refund asks nobody for approval any more']);
  expect(changes(of(plain), of(client))).toContain('! tool refund is now carried out by the client');
  expect(changes(of(client), of(plain))).toContain('! tool refund is no longer carried out by the client');
});

test('a client writes a context, and what its tools answer: less is what breaks it', () => {
  const withContext = (contextInput?: z.ZodType): Record<string, Agent> => ({
    a: defineAgent({ description: 'Helps', model: offline(), ...(contextInput && { contextInput: contextInput as z.ZodString }) }) as Agent,
  });
  const shop = z.object({ shop: z.string() });
  expect(changes(withContext(), withContext(shop))).toEqual(['! agent a needs a context now']);
  expect(changes(withContext(), withContext(shop.optional()))).toEqual(['  agent a takes a context now']);
  expect(changes(withContext(shop), withContext())).toEqual(['! agent a takes no context any more']);
  expect(changes(withContext(shop), withContext(z.object({ shop: z.enum(['a']) })))).toEqual([
    '! narrowed context of agent a: shop is no longer any string',
  ]);
  expect(changes(withContext(shop), withContext(z.object({ shop: z.string().nullable() })))).toEqual([
    '  widened context of agent a: shop may now be null',
  ]);
  const picks = (output: z.ZodType): Record<string, Agent> => ({
    a: agent(
      defineTool({
        name: 'pick',
        description: 'Picks',
        input: z.object({}),
        output: output as z.ZodObject<{ size: z.ZodNumber }>,
      }) as unknown as Tool,
    ),
  });
  expect(changes(picks(z.object({ size: z.number() })), picks(z.object({ size: z.number().max(9) })))).toEqual([
    '! narrowed output of tool pick: size is now at most 9',
  ]);
});

test('outputs of agents and data parts', () => {
  const judge = (output?: z.ZodType): Record<string, Agent> => ({
    judge: defineAgent({ description: 'Judges', model: offline(), ...(output && { output: output as z.ZodString }) }) as Agent,
  });
  expect(changes(judge(z.object({ total: z.number() })), judge(z.object({})))).toEqual(['! output of agent judge lost field total']);
  expect(changes(judge(z.object({})), judge())).toEqual(['! agent judge has no output any more']);
  const charts = (data: Record<string, z.ZodType<Json, Json>>): Record<string, Agent> => ({
    chart: defineAgent({ description: 'Draws', data, run: async function* () {} }) as unknown as Agent,
  });
  expect(changes(charts({ a: z.object({ n: z.number() }), b: z.null() }), charts({ a: z.object({ n: z.string() }), c: z.null() }))).toEqual(
    [
      '! changed data part a of agent chart: n changed from a number to a string',
      '! removed data part b from agent chart',
      '  added data part c to agent chart',
    ],
  );
});

test('tools that are chosen for each run', () => {
  const known = { a: agent(tool('refund')) };
  const varying = { a: defineAgent({ description: 'Helps', model: offline(), tools: () => [tool('refund')] }) as Agent };
  expect(changes(known, varying)).toEqual([
    '! tools of agent a are now chosen for each run: they are JSON',
    '! removed tool refund from agent a',
  ]);
});
