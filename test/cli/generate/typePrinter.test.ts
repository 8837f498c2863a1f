import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { TypeNames } from '../../../src/cli/generate/typeNames.ts';
import { type Side, TypePrinter } from '../../../src/cli/generate/typePrinter.ts';
import type { JsonObject } from '../../../src/protocol/json.ts';

function print(schema: z.ZodType | JsonObject, side: Side = 'reader'): string {
  const json = schema instanceof z.ZodType ? (z.toJSONSchema(schema, { io: 'input' }) as unknown as JsonObject) : schema;
  const printer = new TypePrinter(new TypeNames(['T']));
  printer.declare('T', json, { side, description: '' });
  return printer.take().join('\n');
}

const typeOf = (schema: z.ZodType | JsonObject): string => /export type T = (.*);\n/s.exec(print(schema))?.[1] ?? '';

test.each<[name: string, schema: z.ZodType | JsonObject, type: string]>([
  ['a string', z.string(), 'string'],
  ['a number', z.number(), 'number'],
  ['a whole number', z.int(), 'number'],
  ['null', z.null(), 'null'],
  ['an enum', z.enum(['a', "it's"]), "'a' | \"it's\""],
  ['literals', z.literal(['a', 1, null, true]), "'a' | 1 | null | true"],
  ['null beside a type', z.string().nullable(), 'string | null'],
  ['a union', z.union([z.string(), z.boolean()]), 'string | boolean'],
  ['an array', z.array(z.string()), 'string[]'],
  ['an array of a union', z.array(z.string().nullable()), '(string | null)[]'],
  ['a tuple', z.tuple([z.string(), z.number()]), '[string, number]'],
  ['a tuple with a rest', z.tuple([z.string()], z.number().nullable()), '[string, ...(number | null)[]]'],
  [
    'a tuple of before 2020',
    { type: 'array', items: [{ type: 'string' }, { type: 'number' }], minItems: 1, maxItems: 2 },
    '[string, number?]',
  ],
  ['a record', z.record(z.string(), z.number()), '{ [key: string]: number }'],
  ['a record of names', z.record(z.enum(['p', 'q-r']), z.number()), "{\n  p: number;\n  'q-r': number;\n}"],
  ['a record of some of them', z.partialRecord(z.enum(['p', 'q']), z.number()), '{\n  p?: number;\n  q?: number;\n}'],
  ['an object', z.object({ a: z.string(), b: z.number().optional() }), '{\n  a: string;\n  b?: number;\n}'],
  ['an object without fields', z.strictObject({}), 'Record<string, never>'],
  ['any object', { type: 'object' }, '{ [key: string]: verbatim.Json | undefined }'],
  ['a catch-all', z.object({ a: z.number() }).catchall(z.string()), '{\n  a: number;\n} & { [key: string]: string }'],
  ['an open object', z.looseObject({ a: z.number() }), '{\n  a: number;\n  [key: string]: verbatim.Json | undefined;\n}'],
  [
    'objects in objects',
    z.object({ a: z.object({ b: z.object({ c: z.null() }) }) }),
    '{\n  a: {\n    b: {\n      c: null;\n    };\n  };\n}',
  ],
  [
    'both of two',
    { allOf: [{ type: 'object', properties: { a: { type: 'string' } } }, { anyOf: [{ $ref: '#' }, { type: 'null' }] }] },
    '{\n  a?: string;\n} & (T | null)',
  ],
  ['never', z.never(), 'never'],
  ['nothing said', {}, 'verbatim.Json'],
  ['what is not understood', { if: { type: 'string' }, minLength: 3 }, 'verbatim.Json'],
  ['what is elsewhere', { $ref: 'https://example.com/schema.json' }, 'verbatim.Json'],
])('%s', (_, schema, type) => {
  expect(typeOf(schema)).toBe(type);
});

describe('what refers to something', () => {
  test('to itself', () => {
    const category = z.object({
      name: z.string(),
      get parts() {
        return z.array(category);
      },
    });
    expect(typeOf(category)).toBe('{\n  name: string;\n  parts: T[];\n}');
    expect(print(z.object({ top: category }))).toBe(
      'export type T = {\n  top: TPart;\n};\n\nexport type TPart = {\n  name: string;\n  parts: TPart[];\n};\n',
    );
  });

  test('to something with an id, which is declared once for all', () => {
    const address = z.object({ street: z.string() }).meta({ id: 'PrintedAddress', description: 'Where it is' });
    const printer = new TypePrinter(new TypeNames(['A', 'B']));
    for (const name of ['A', 'B']) {
      const schema = z.toJSONSchema(z.object({ home: address.describe('At home'), work: address }), { io: 'input' });
      printer.declare(name, schema as unknown as JsonObject, { side: 'reader', description: '' });
    }
    expect(printer.take().join('\n')).toBe(
      [
        'export type A = {\n  /** At home */\n  home: PrintedAddress;\n  work: PrintedAddress;\n};\n',
        '/** Where it is */\nexport type PrintedAddress = {\n  street: string;\n};\n',
        'export type B = {\n  /** At home */\n  home: PrintedAddress;\n  work: PrintedAddress;\n};\n',
      ].join('\n'),
    );
  });
});

describe('docstrings', () => {
  test('have the description, and what the type cannot say', () => {
    const schema = z.object({
      id: z.string().regex(/^\d+$/).describe('Its number'),
      mail: z.email(),
      amount: z.number().gt(0).max(100).multipleOf(0.01),
      count: z.int().min(1),
      tags: z.array(z.string().max(20)).min(1).max(5),
      old: z.string().meta({ deprecated: true, description: 'Use id' }),
    });
    expect(print(schema)).toBe(`export type T = {
  /**
   * Its number
   * Matches \`^\\d+$\`.
   */
  id: string;
  /** Format email. */
  mail: string;
  /** More than 0, at most 100, a multiple of 0.01. */
  amount: number;
  /** A whole number, at least 1. */
  count: number;
  /** At least 1 items, at most 5 items. */
  tags: string[];
  /**
   * Use id
   * @deprecated
   */
  old: string;
};
`);
  });

  test('cannot be ended by what somebody wrote', () => {
    expect(print(z.string().describe('*/ export const evil = 1; /*'))).toBe(
      '/** *\\/ export const evil = 1; /* */\nexport type T = string;\n',
    );
  });
});

test('a field with a default is there for a reader, and may be left out by a writer', () => {
  const schema = z.object({ limit: z.number().default(10) });
  expect(print(schema, 'reader')).toContain('  limit: number;');
  expect(print(schema, 'writer')).toContain('  limit?: number;');
  expect(print(schema)).toContain('@default 10');
});
