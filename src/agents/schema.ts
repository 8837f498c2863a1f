import { z } from 'zod';
import type { Json, JsonObject } from '../protocol/json.ts';

/** Refuses, at compile time, a schema whose values JSON cannot hold (dates, maps, bigints, classes, `unknown`), or that makes something else of them. */
export type JsonOnly<Schema extends z.ZodType> =
  z.output<Schema> extends Json | undefined
    ? z.output<Schema> extends z.input<Schema>
      ? unknown
      : { readonly '~error': 'this schema transforms' }
    : { readonly '~error': 'this schema is not JSON' };

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

/** Throws unless a provider takes the schema as a strict one: every object closed, and every property required. */
export function assertStrict(schema: Json | undefined, what: string): void {
  if (typeof schema !== 'object' || schema === null) return;
  if (Array.isArray(schema)) {
    for (const part of schema as readonly Json[]) assertStrict(part, what);
    return;
  }
  const { properties, required, additionalProperties } = schema as JsonObject;
  if (typeof properties === 'object' && properties !== null) {
    const names = Object.keys(properties);
    const missing = names.find((name) => !Array.isArray(required) || !required.includes(name));
    if (missing !== undefined) {
      throw new TypeError(`${what} is strict, so "${missing}" must be required: make it nullable instead of optional.`);
    }
    if (additionalProperties !== false) throw new TypeError(`${what} is strict, so its objects must be closed: use z.strictObject.`);
  }
  for (const part of Object.values(schema)) assertStrict(part, what);
}
