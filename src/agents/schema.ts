import { z } from 'zod';
import type { Json, JsonObject } from '../protocol/json.ts';

/** Refuses, at compile time, a schema whose values JSON cannot hold: dates, maps, bigints, classes, and `unknown`. */
export type JsonOnly<Schema extends z.ZodType> =
  z.output<Schema> extends Json | undefined ? unknown : { readonly '~error': 'this schema is not JSON' };

/**
 * The JSON Schema of a zod schema. Throws, naming `what`, for one that JSON cannot hold or that transforms: what a model writes, what is
 * stored and what a tool receives must be the same.
 */
export function jsonSchemaOf(schema: z.ZodType, what: string): JsonObject {
  try {
    z.toJSONSchema(schema, { io: 'output' });
    const { $schema: _, ...jsonSchema } = z.toJSONSchema(schema, { io: 'input' });
    return jsonSchema as JsonObject;
  } catch (cause) {
    throw new TypeError(
      `${what} cannot be written as JSON. Use only strings, numbers, booleans, null, arrays and objects, without transforms.`,
      {
        cause,
      },
    );
  }
}

export type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly issues: string };

/** Validates, and says in one line what is wrong. */
export function parseWith(schema: z.ZodType, value: unknown): Parsed {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const issues = result.error.issues.map((issue) => `${issue.path.length === 0 ? 'value' : issue.path.join('.')}: ${issue.message}`);
  return { ok: false, issues: issues.slice(0, 10).join('; ') };
}
