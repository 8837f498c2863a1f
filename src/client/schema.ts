import type { JsonObject } from '../protocol/json.ts';
import { checkJson, type SchemaIssue } from './checkJson.ts';

export type { JsonObject } from '../protocol/json.ts';
export type { SchemaIssue } from './checkJson.ts';

export type SchemaResult<T> = { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** A JSON Schema that checks values. It is a Standard Schema (https://standardschema.dev), which forms and routers take as it is. */
export interface Schema<T> {
  /** Plain JSON, for libraries that take that. */
  readonly jsonSchema: JsonObject;
  /** The value with its defaults filled in, or what is wrong with it. The server checks again, and knows more. */
  validate(value: unknown): SchemaResult<T>;
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: 'verbatim';
    readonly validate: (value: unknown) => SchemaResult<T>;
    readonly types?: { readonly input: T; readonly output: T };
  };
}

export function schema<T>(jsonSchema: JsonObject): Schema<T> {
  const validate = (input: unknown): SchemaResult<T> => {
    const { value, issues } = checkJson(jsonSchema, input);
    // The edge: what fits the schema is what whoever wrote both says it is.
    return issues.length === 0 ? { value: value as T } : { issues };
  };
  return { jsonSchema, validate, '~standard': { version: 1, vendor: 'verbatim', validate } };
}
