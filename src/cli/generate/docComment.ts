import type { JsonObject } from '../../protocol/json.ts';

const WIDTH = 110;

/** A docstring with a line break at its end; nothing for no text. `*\/` in a description would end the comment. */
export function docComment(lines: readonly string[], indent = ''): string {
  const said = lines.map((line) => line.trim()).filter((line) => line !== '');
  const wrapped = said.flatMap((line) => line.split(/\r?\n/).flatMap((part) => wrap(part.trim().replaceAll('*/', '*\\/'))));
  if (wrapped.length === 0) return '';
  if (wrapped.length === 1) return `${indent}/** ${wrapped[0]} */\n`;
  return `${indent}/**\n${wrapped.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

function wrap(text: string): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

/** What a schema says that its type cannot: the description, the bounds, the default. */
export function schemaDoc(schema: JsonObject): string[] {
  const lines: string[] = [];
  const text = schema.description ?? schema.title;
  if (typeof text === 'string') lines.push(text);
  const rules = rulesOf(schema);
  if (rules.length > 0) lines.push(`${rules.join(', ')}.`.replace(/^./, (first) => first.toUpperCase()));
  if (schema.default !== undefined) lines.push(`@default ${JSON.stringify(schema.default)}`);
  if (schema.deprecated === true) lines.push('@deprecated');
  return lines;
}

/** Zod gives every whole number these. */
const isSafeBound = (value: unknown): boolean => Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;

function rulesOf(schema: JsonObject): string[] {
  const rule = (key: string, say: (value: string) => string): string[] => {
    const value = schema[key];
    return value === undefined || isSafeBound(value) ? [] : [say(typeof value === 'string' ? value : JSON.stringify(value))];
  };
  const { format } = schema;
  return [
    ...(schema.type === 'integer' ? ['a whole number'] : []),
    ...rule('format', (value) => `format ${value}`),
    // Where there is a format, it says it better.
    ...(format === undefined ? rule('pattern', (value) => `matches \`${value}\``) : []),
    ...rule('minLength', (value) => `at least ${value} characters`),
    ...rule('maxLength', (value) => `at most ${value} characters`),
    ...rule('minimum', (value) => `at least ${value}`),
    ...rule('exclusiveMinimum', (value) => `more than ${value}`),
    ...rule('maximum', (value) => `at most ${value}`),
    ...rule('exclusiveMaximum', (value) => `less than ${value}`),
    ...rule('multipleOf', (value) => `a multiple of ${value}`),
    ...(schema.prefixItems === undefined ? rule('minItems', (value) => `at least ${value} items`) : []),
    ...(schema.prefixItems === undefined ? rule('maxItems', (value) => `at most ${value} items`) : []),
  ];
}
