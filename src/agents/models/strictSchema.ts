import type { Json, JsonObject } from '../../protocol/json.ts';

/** Keywords whose value holds schemas by name. */
const SCHEMAS_BY_NAME: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);
/** Keywords whose value is no schema. */
const VALUES: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples', 'required']);

/**
 * A schema as OpenAI takes it for an answer that it holds to it: every object closed, which changes nothing, as zod drops what it does not
 * know. `strict` says whether it can be held to: not with optional properties, or properties of any name.
 */
export function strictSchema(schema: JsonObject): { readonly schema: JsonObject; readonly strict: boolean } {
  const closed = closeObjects(schema) as JsonObject;
  return { schema: closed, strict: closed.type === 'object' && isStrict(closed) };
}

function closeObjects(schema: Json | undefined): Json | undefined {
  if (Array.isArray(schema)) return (schema as readonly Json[]).map((part) => closeObjects(part) ?? null);
  if (!isObject(schema)) return schema;
  const parts = Object.entries(schema).map(([key, part]): [string, Json | undefined] => {
    if (VALUES.has(key)) return [key, part];
    if (!SCHEMAS_BY_NAME.has(key) || !isObject(part)) return [key, closeObjects(part)];
    return [key, Object.fromEntries(Object.entries(part).map(([name, named]) => [name, closeObjects(named)]))];
  });
  const isOpen = isObject(schema.properties) && schema.additionalProperties === undefined;
  return { ...Object.fromEntries(parts), ...(isOpen && { additionalProperties: false }) };
}

function isStrict(schema: Json | undefined): boolean {
  if (Array.isArray(schema)) return (schema as readonly Json[]).every(isStrict);
  if (!isObject(schema)) return true;
  const { type, properties, required, additionalProperties } = schema;
  if (type === 'object' && additionalProperties !== false) return false;
  const names = isObject(properties) ? Object.keys(properties) : [];
  if (names.some((name) => !Array.isArray(required) || !required.includes(name))) return false;
  return Object.entries(schema).every(([key, part]) => {
    if (VALUES.has(key)) return true;
    return isStrict(SCHEMAS_BY_NAME.has(key) && isObject(part) ? (Object.values(part) as readonly Json[]) : part);
  });
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
