import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkJson } from '../../src/client/checkJson.ts';
import { schema } from '../../src/client/schema.ts';
import type { JsonObject } from '../../src/protocol/json.ts';

const jsonSchemaOf = (type: z.ZodType): JsonObject => z.toJSONSchema(type, { io: 'input' }) as unknown as JsonObject;

const node = z.object({
  name: z.string(),
  get children() {
    return z.array(node);
  },
});
const address = z.object({ street: z.string() }).meta({ id: 'CheckedAddress' });

/** Each with values that fit and values that do not. What zod says of them is what must be said. */
const CASES: readonly (readonly [name: string, type: z.ZodType, values: readonly unknown[]])[] = [
  [
    'an object',
    z.object({ id: z.string(), note: z.string().optional() }),
    [{ id: 'a' }, { id: 'a', note: 'n' }, { id: 'a', note: undefined }, {}, { id: 1 }, null, [], 'a'],
  ],
  ['a closed object', z.strictObject({ id: z.string() }), [{ id: 'a' }, { id: 'a', extra: 1 }]],
  [
    'a catch-all',
    z.object({ n: z.number() }).catchall(z.string()),
    [
      { n: 1, s: 'a' },
      { n: 1, s: 2 },
    ],
  ],
  ['a record', z.record(z.string(), z.number()), [{}, { a: 1 }, { a: 'x' }]],
  ['a record of names', z.record(z.enum(['p', 'q']), z.number()), [{ p: 1, q: 2 }, { p: 1 }, { p: 1, q: 2, r: 3 }]],
  ['bounds of a number', z.number().min(1).max(9), [1, 9, 0.9, 9.1]],
  ['open bounds', z.number().gt(1).lt(9), [1, 1.1, 8.9, 9]],
  ['multiples', z.number().multipleOf(0.1), [0.3, 0.35, 7]],
  ['whole numbers', z.int(), [1, 1.5, '1']],
  ['lengths, in characters', z.string().min(2).max(3), ['😀', 'a', 'abc', 'abcd']],
  ['a pattern', z.string().regex(/^[A-Z]{3}$/), ['ABC', 'abc']],
  ['an address of mail', z.email(), ['a@example.com', 'nobody']],
  ['a time', z.iso.datetime(), ['2026-02-28T10:00:00Z', '2026-02-30T10:00:00Z']],
  ['an enum', z.enum(['a', 'b']), ['a', 'c', 1]],
  ['literals', z.literal(['a', 1, null]), ['a', 1, null, 'b', 2, undefined]],
  ['a union', z.union([z.string(), z.object({ a: z.number() })]), ['x', { a: 1 }, { a: 'x' }, 1]],
  [
    'a told union',
    z.discriminatedUnion('t', [z.object({ t: z.literal('a'), v: z.string() }), z.object({ t: z.literal('b') })]),
    [{ t: 'a', v: 'x' }, { t: 'b' }, { t: 'a' }, { t: 'c' }],
  ],
  ['an intersection', z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })), [{ a: 'x', b: 'y' }, { a: 'x' }]],
  ['null', z.string().nullable(), ['a', null, 1]],
  ['a tuple', z.tuple([z.string(), z.number()]), [['a', 1], ['a'], ['a', 'b'], ['a', 1, 2]]],
  ['a tuple with a rest', z.tuple([z.string()], z.number()), [['a'], ['a', 1, 2], ['a', 'b']]],
  ['an array', z.array(z.string()).min(1).max(2), [['a'], [], ['a', 'b', 'c'], [1], 'a']],
  [
    'what refers to itself',
    node,
    [
      { name: 'a', children: [{ name: 'b', children: [] }] },
      { name: 'a', children: [{ name: 'b' }] },
    ],
  ],
  ['what has an id', z.object({ home: address }), [{ home: { street: 'x' } }, { home: {} }]],
  ['any JSON', z.json(), [1, null, { a: [true, { b: 'x' }] }]],
  ['never', z.object({ x: z.never().optional() }), [{}, { x: 1 }]],
];

test.each(CASES)('%s is checked as zod checks it', (_, type, values) => {
  for (const value of values) {
    const { issues } = checkJson(jsonSchemaOf(type), value);
    expect({ value, fits: issues.length === 0 }).toEqual({ value, fits: type.safeParse(value).success });
  }
});

test('any JSON value is judged as zod judges it, by a schema with a bit of everything', () => {
  const type = z.object({
    a: z.union([z.string().max(3), z.array(z.number())]).optional(),
    b: z.record(z.string(), z.boolean().nullable()).optional(),
    c: z.enum(['x', 'y']).optional(),
  });
  const jsonSchema = jsonSchemaOf(type);
  const some = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd'),
    fc.oneof(fc.constantFrom('x', 'y', 'xyz1'), fc.jsonValue({ maxDepth: 2 })),
  );
  fc.assert(
    fc.property(some, (value) => {
      expect(checkJson(jsonSchema, value).issues.length === 0).toBe(type.safeParse(value).success);
    }),
  );
});

test('defaults are filled in, and what was given is not touched', () => {
  const type = z.object({ n: z.number().default(3), deep: z.object({ s: z.string().default('x') }) });
  const value = { deep: {} };
  expect(checkJson(jsonSchemaOf(type), value)).toEqual({ value: { n: 3, deep: { s: 'x' } }, issues: [] });
  expect(value).toEqual({ deep: {} });
});

describe('what MCP servers send', () => {
  test('a tuple as it was before 2020, definitions, patterns of names', () => {
    const old: JsonObject = {
      type: 'object',
      definitions: { id: { type: 'string', minLength: 2 } },
      properties: { pair: { type: 'array', items: [{ $ref: '#/definitions/id' }, { type: 'number' }], additionalItems: false } },
      patternProperties: { '^x-': { type: 'boolean' } },
      additionalProperties: false,
    };
    expect(checkJson(old, { pair: ['ab', 1], 'x-a': true }).issues).toEqual([]);
    expect(checkJson(old, { pair: ['a', 1, 2], 'x-a': 1, other: 1 }).issues.map(({ path }) => path.join('.'))).toEqual([
      'pair.0',
      'pair.2',
      'x-a',
      'other',
    ]);
  });

  test('a pattern of another language allows everything', () => {
    expect(checkJson({ type: 'string', pattern: '(?P<name>a)' }, 'b').issues).toEqual([]);
  });
});

test('a schema or a value that goes round ends', () => {
  expect(checkJson({ $ref: '#' }, 1).issues).toEqual([{ message: 'nests too deeply', path: [] }]);
  const round: { self?: unknown } = {};
  round.self = round;
  expect(checkJson({ properties: { self: { $ref: '#' } } }, round).issues[0]?.message).toBe('nests too deeply');
});

test('is a Standard Schema that says what is wrong, and where', () => {
  const refund = schema<{ orderId: string; amount: number }>(
    jsonSchemaOf(z.object({ orderId: z.string(), amount: z.number().positive() })),
  );
  expect(refund['~standard'].version).toBe(1);
  expect(refund.validate({ orderId: '42', amount: 1 })).toEqual({ value: { orderId: '42', amount: 1 } });
  expect(refund['~standard'].validate({ amount: 0 })).toEqual({
    issues: [
      { message: 'must be more than 0', path: ['amount'] },
      { message: 'is required', path: ['orderId'] },
    ],
  });
});
