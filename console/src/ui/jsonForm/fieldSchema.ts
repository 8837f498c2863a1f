/** The parts of a JSON schema that a form has fields for. */
export interface FieldSchema {
  readonly kind: 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'list' | 'group' | 'raw';
  readonly title?: string;
  readonly description?: string;
  readonly choices?: readonly unknown[];
  readonly items?: unknown;
  readonly fields?: readonly { readonly name: string; readonly schema: unknown; readonly required: boolean }[];
}

/** What is neither is written as JSON: unions, tuples, records, references. */
export function readFieldSchema(schema: unknown): FieldSchema {
  if (typeof schema !== 'object' || schema === null) return { kind: 'raw' };
  // The edge: each part is looked at before it is used.
  const {
    type,
    enum: choices,
    const: only,
    title,
    description,
    properties,
    required,
    items,
    anyOf,
    oneOf,
    allOf,
    $ref,
  } = schema as Record<string, unknown>;
  const about = {
    ...(typeof title === 'string' && { title }),
    ...(typeof description === 'string' && { description }),
  };
  if (anyOf !== undefined || oneOf !== undefined || allOf !== undefined || $ref !== undefined) return { ...about, kind: 'raw' };
  if (only !== undefined) return { ...about, kind: 'choice', choices: [only] };
  if (Array.isArray(choices)) return { ...about, kind: 'choice', choices };
  switch (type) {
    case 'string':
      return { ...about, kind: 'text' };
    case 'number':
    case 'integer':
    case 'boolean':
      return { ...about, kind: type };
    case 'array':
      return typeof items === 'object' && items !== null && !Array.isArray(items)
        ? { ...about, kind: 'list', items }
        : { ...about, kind: 'raw' };
    case 'object': {
      if (typeof properties !== 'object' || properties === null) return { ...about, kind: 'raw' };
      const needed = new Set(Array.isArray(required) ? required : []);
      const fields = Object.entries(properties).map(([name, field]) => ({ name, schema: field as unknown, required: needed.has(name) }));
      return { ...about, kind: 'group', fields };
    }
    default:
      return { ...about, kind: 'raw' };
  }
}

/** What a new part of a list, or a field that was not given, begins with. */
export function emptyValue(schema: unknown): unknown {
  const { kind, choices, fields } = readFieldSchema(schema);
  switch (kind) {
    case 'text':
      return '';
    case 'number':
    case 'integer':
      return 0;
    case 'boolean':
      return false;
    case 'choice':
      return choices?.[0];
    case 'list':
      return [];
    case 'group':
      return Object.fromEntries((fields ?? []).filter((field) => field.required).map((field) => [field.name, emptyValue(field.schema)]));
    case 'raw':
      return null;
  }
}

/** Whether the value is of the kind that the field edits; what is not is shown as JSON, so that nothing of it is lost. */
export function fits({ kind, choices }: FieldSchema, value: unknown): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
    case 'integer':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return choices?.some((choice) => choice === value) === true;
    case 'list':
      return Array.isArray(value);
    case 'group':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'raw':
      return false;
  }
}
