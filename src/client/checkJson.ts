import { isJsonObject, type Json, type JsonObject } from '../protocol/json.ts';
import { jsonSchemaRef } from '../protocol/jsonSchemaRef.ts';

/** What is wrong with a value, and where in it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path: readonly (string | number)[];
}

interface Place {
  readonly root: JsonObject;
  readonly path: readonly (string | number)[];
  /** Steps of schema and value taken so far: it ends what refers to itself, and values with cycles. */
  readonly depth: number;
  readonly issues: SchemaIssue[];
}

const MAX_DEPTH = 200;

/**
 * Checks a value by a JSON Schema, as the server does, and fills in its defaults. Knows what zod writes and what MCP servers send; a keyword
 * that it does not know, `format` among them, allows everything. Changes nothing that it is given.
 */
export function checkJson(schema: JsonObject, value: unknown): { readonly value: unknown; readonly issues: readonly SchemaIssue[] } {
  const issues: SchemaIssue[] = [];
  const checked = check(schema, value, { root: schema, path: [], depth: 0, issues });
  return { value: checked, issues };
}

function check(schema: Json | undefined, value: unknown, place: Place): unknown {
  const fail = (message: string): void => void place.issues.push({ message, path: place.path });
  if (schema === false) fail('is not allowed');
  if (!isJsonObject(schema)) return value;
  if (place.depth > MAX_DEPTH) {
    fail('nests too deeply');
    return value;
  }
  const inner: Place = { ...place, depth: place.depth + 1 };
  let result = typeof schema.$ref === 'string' ? check(jsonSchemaRef(schema.$ref, place.root), value, inner) : value;

  const types = schema.type === undefined ? [] : Array.isArray(schema.type) ? schema.type : [schema.type];
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
    // What else is wrong with it follows from this.
    fail(`must be ${types.map(nameOfType).join(' or ')}`);
    return value;
  }
  if ('const' in schema && !isEqual(schema.const, value)) fail(`must be ${JSON.stringify(schema.const)}`);
  if (Array.isArray(schema.enum) && !schema.enum.some((one) => isEqual(one, value))) {
    fail(`must be one of ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`);
  }
  if (schema.not !== undefined && passes(schema.not, value, inner)) fail('is not allowed');
  if (typeof value === 'string') checkString(schema, value, fail);
  if (typeof value === 'number') checkNumber(schema, value, fail);
  if (Array.isArray(value)) result = checkArray(schema, value, inner, fail);
  else if (isRecord(value)) result = checkRecord(schema, value, inner, fail);

  for (const part of listOf(schema.allOf)) result = check(part, result, inner);
  for (const union of [schema.anyOf, schema.oneOf]) {
    if (union !== undefined) result = checkUnion(listOf(union), result, inner, fail);
  }
  return result;
}

type Fail = (message: string) => void;

function checkString(schema: JsonObject, value: string, fail: Fail): void {
  const length = Array.from(value).length;
  if (length < numberOr(schema.minLength, 0)) fail(`must have at least ${schema.minLength} characters`);
  if (length > numberOr(schema.maxLength, Infinity)) fail(`must have at most ${schema.maxLength} characters`);
  if (typeof schema.pattern === 'string' && regExpOf(schema.pattern)?.test(value) === false) {
    fail(typeof schema.format === 'string' ? `must be of the format ${schema.format}` : `must match ${schema.pattern}`);
  }
}

function checkNumber(schema: JsonObject, value: number, fail: Fail): void {
  if (value < numberOr(schema.minimum, -Infinity)) fail(`must be at least ${schema.minimum}`);
  if (value > numberOr(schema.maximum, Infinity)) fail(`must be at most ${schema.maximum}`);
  if (value <= numberOr(schema.exclusiveMinimum, -Infinity)) fail(`must be more than ${schema.exclusiveMinimum}`);
  if (value >= numberOr(schema.exclusiveMaximum, Infinity)) fail(`must be less than ${schema.exclusiveMaximum}`);
  if (typeof schema.multipleOf === 'number') {
    const times = value / schema.multipleOf;
    if (Math.abs(times - Math.round(times)) > 1e-9) fail(`must be a multiple of ${schema.multipleOf}`);
  }
}

function checkArray(schema: JsonObject, value: readonly unknown[], place: Place, fail: Fail): unknown {
  if (value.length < numberOr(schema.minItems, 0)) fail(`must have at least ${schema.minItems} items`);
  if (value.length > numberOr(schema.maxItems, Infinity)) fail(`must have at most ${schema.maxItems} items`);
  if (schema.uniqueItems === true && value.some((one, i) => value.slice(0, i).some((other) => isEqual(one as Json, other)))) {
    fail('must not have the same item twice');
  }
  // Before 2020 a tuple was an array in `items`, and what follows it was `additionalItems`.
  const [first, rest] = Array.isArray(schema.items)
    ? [schema.items as readonly Json[], schema.additionalItems]
    : [listOf(schema.prefixItems), schema.items];
  return value.map((item, i) => check(i < first.length ? first[i] : rest, item, { ...place, path: [...place.path, i] }));
}

function checkRecord(schema: JsonObject, value: Readonly<Record<string, unknown>>, place: Place, fail: Fail): unknown {
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const patterns = Object.entries(isJsonObject(schema.patternProperties) ? schema.patternProperties : {});
  const result = new Map<string, unknown>();
  for (const [name, child] of Object.entries(value)) {
    if (child === undefined) continue; // As JSON leaves it out.
    const at: Place = { ...place, path: [...place.path, name] };
    if (schema.propertyNames !== undefined && !passes(schema.propertyNames, name, at))
      at.issues.push({ message: 'is not expected', path: at.path });
    const matching = patterns.filter(([pattern]) => regExpOf(pattern)?.test(name));
    if (Object.hasOwn(properties, name)) result.set(name, check(properties[name], child, at));
    else if (matching.length > 0) result.set(name, child);
    else if (schema.additionalProperties === false) at.issues.push({ message: 'is not expected', path: at.path });
    else result.set(name, check(schema.additionalProperties, child, at));
    for (const [, pattern] of matching) check(pattern, child, at);
  }
  for (const [name, property] of Object.entries(properties)) {
    if (!result.has(name) && isJsonObject(property) && 'default' in property) result.set(name, property.default);
  }
  for (const name of listOf(schema.required)) {
    if (typeof name === 'string' && !result.has(name)) place.issues.push({ message: 'is required', path: [...place.path, name] });
  }
  if (result.size < numberOr(schema.minProperties, 0)) fail(`must have at least ${schema.minProperties} fields`);
  if (result.size > numberOr(schema.maxProperties, Infinity)) fail(`must have at most ${schema.maxProperties} fields`);
  return Object.fromEntries(result);
}

/** The first that fits counts. Of those that do not, the one that came closest says what is wrong. */
function checkUnion(options: readonly Json[], value: unknown, place: Place, fail: Fail): unknown {
  let closest: readonly SchemaIssue[] | undefined;
  for (const option of options) {
    const issues: SchemaIssue[] = [];
    const result = check(option, value, { ...place, issues });
    if (issues.length === 0) return result;
    const isInside = issues.every(({ path }) => path.length > place.path.length);
    if (isInside && (closest === undefined || issues.length < closest.length)) closest = issues;
  }
  if (closest === undefined) fail('is none of what it may be');
  else place.issues.push(...closest);
  return value;
}

function passes(schema: Json, value: unknown, place: Place): boolean {
  const issues: SchemaIssue[] = [];
  check(schema, value, { ...place, issues });
  return issues.length === 0;
}

function regExpOf(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags);
    } catch {
      // With `u` some old patterns are errors; one of another language is left to the server.
    }
  }
  return undefined;
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'string':
    case 'boolean':
      return typeof value === type;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isRecord(value);
    default:
      return true;
  }
}

function nameOfType(type: unknown): string {
  return type === 'null'
    ? 'null'
    : type === 'integer'
      ? 'a whole number'
      : type === 'array' || type === 'object'
        ? `an ${type}`
        : `a ${type}`;
}

function isEqual(a: Json | undefined, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  if (!isJsonObject(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}

const numberOr = (value: unknown, other: number): number => (typeof value === 'number' ? value : other);
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
