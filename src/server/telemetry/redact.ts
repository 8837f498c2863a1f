export const REDACTED = '[redacted]';

/** Fields that are never said, whatever they hold. */
const SECRET_KEY =
  /(?:^|[-_])(?:authorization|cookie|token|tokens|ticket|password|passwd|secret|credential|credentials|apikey)$|api[-_]?key|(?:Token|Ticket|Password|Secret|Cookie)$/i;
/** Fields that hold what people and models say. */
const CONTENT_KEY =
  /^(?:text|content|input|output|arguments|messages|instructions|prompt|delta|body|headers|request|response|context|metadata)$/;

/** What secrets look like inside a text. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b((?:set-)?cookie)(["']?\s*[:=]\s*)[^\n"']+/gi, `$1$2${REDACTED}`],
  [/\b(Bearer|Basic)(\s+)[\w.~+/=-]+/gi, `$1$2${REDACTED}`],
  // A JSON Web Token.
  [/\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g, REDACTED],
  // Keys of providers and of this server begin with what they are; so do words, such as "skipComments", but for the mark after it.
  [/\b(?:(?:sk|pk|rk|vb(?:[akr]|link)?|gh[op]|xox[a-z])[-_]|AKIA|AIza)[A-Za-z0-9][\w*-]{10,}/g, REDACTED],
  [
    /((?:^|[\s?&;"'{,([])[\w-]*(?:token|ticket|secret|password|passwd|authorization|api[-_]?key|signature)["']?\s*[:=]\s*["']?)(?!Bearer|Basic|\[redacted\])[^\s"'&,;})\]]+/gi,
    `$1${REDACTED}`,
  ],
  // Of a URL, who it logs in as.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, `$1${REDACTED}@`],
];

/** Of a text of any length, what is looked at. */
const MAX_TEXT = 8 * 1024;
const MAX_DEPTH = 5;
/** A content this long is masked wherever it is quoted whole; of a longer one, any so many characters in a row. */
const MIN_WHOLE = 4;
const QUOTED = 16;
const MAX_CONTENT = 256 * 1024;

/** A line of a stack up to where it was, and that: a file of code, which is not what anybody said. Of what was evaluated nothing is known. */
const FRAME = /^(\s+at (?:.*\()?)((?:node:[\w/]+|(?:file:\/\/\/|\/|[A-Za-z]:[\\/]).*?\.[cm]?[jt]sx?):\d+:\d+)(\)?)$/;
const MAX_FRAME = 1_024;

/** What a text may quote and must not: inputs, messages, answers. */
export type Content = readonly string[];

/** A text without secrets, and without what it quotes of `content`. */
export function redactText(text: string, content: Content = []): string {
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
  const unquoted = content.reduce((rest, said) => withoutQuotes(rest, said.slice(-MAX_CONTENT)), cut);
  return SECRETS.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), unquoted);
}

/**
 * A stack whose frames still say where they were: a word that somebody said, such as "order", is no reason to mask it in a path to a file of
 * code. What is quoted at length is masked there too, and every secret; and in the message, whatever it looks like, all that is elsewhere.
 */
function redactStack(stack: string, message: string, content: Content = []): string {
  const at = stack.indexOf(message);
  if (at < 0) return redactText(stack, content);
  const end = at + message.length;
  const long = content.filter((said) => said.length >= QUOTED);
  const frames = stack
    .slice(end, end + MAX_TEXT)
    .split('\n')
    .map((line) => {
      const [, before, place, after] = (line.length > MAX_FRAME ? null : FRAME.exec(line)) ?? [];
      if (before === undefined || place === undefined) return redactText(line, content);
      return redactText(before, content) + redactText(place, long) + after;
    });
  return redactText(stack.slice(0, end), content) + frames.join('\n');
}

/** Fields of a log line without secrets and content: those named so are masked, errors and other texts looked through. */
export function redactFields(fields: object, content?: Content): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, redactField(key, value, { content, depth: 0 })]));
}

/** An error of the same kind with the same stack, whose words are redacted. What else it carries, such as a request, is left out. */
export function redactError(error: Error, content?: Content, depth = 0): Error {
  try {
    return copyOf(error, content, depth);
  } catch {
    // Its message may be a getter, and throw.
    return new Error('an error that cannot be read');
  }
}

function copyOf(error: Error, content: Content | undefined, depth: number): Error {
  const copy = new Error(redactText(String(error.message), content));
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error));
  const set = (key: string, value: unknown, enumerable = false): void => {
    if (value !== undefined) Object.defineProperty(copy, key, { value, enumerable, writable: true, configurable: true });
  };
  if (error.name !== copy.name) set('name', error.name);
  set('stack', error.stack === undefined ? undefined : redactStack(error.stack, String(error.message), content));
  for (const key of ['code', 'status', 'statusCode', 'errno', 'syscall']) {
    const fact: unknown = Reflect.get(error, key);
    if (typeof fact === 'number' || (typeof fact === 'string' && /^[\w.-]{1,60}$/.test(fact))) set(key, fact, true);
  }
  if (depth < MAX_DEPTH) {
    if (error.cause !== undefined) set('cause', redactField('cause', error.cause, { content, depth: depth + 1 }));
    if (error instanceof AggregateError) set('errors', redactField('errors', error.errors, { content, depth: depth + 1 }));
  }
  return copy;
}

function redactField(
  key: string,
  value: unknown,
  { content, depth }: { readonly content: Content | undefined; readonly depth: number },
): unknown {
  if (SECRET_KEY.test(key) || (CONTENT_KEY.test(key) && typeof value !== 'number')) return REDACTED;
  if (typeof value === 'string') return redactText(value, content);
  if (value instanceof Error) return redactError(value, content, depth);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return REDACTED;
  const inside = { content, depth: depth + 1 };
  if (Array.isArray(value)) return value.slice(0, 20).map((item) => redactField('', item, inside));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, redactField(name, part, inside)]));
}

function withoutQuotes(whole: string, content: string): string {
  const text = content.length < MIN_WHOLE ? whole : whole.replaceAll(content, REDACTED);
  if (text.length < QUOTED || content.length < QUOTED) return text;
  const places = new Map<string, number[]>();
  for (let index = 0; index + QUOTED <= text.length; index++) {
    const piece = text.slice(index, index + QUOTED);
    const others = places.get(piece);
    if (others === undefined) places.set(piece, [index]);
    else others.push(index);
  }
  const quoted = new Uint8Array(text.length);
  let found = false;
  for (let index = 0; index + QUOTED <= content.length; index++) {
    for (const place of places.get(content.slice(index, index + QUOTED)) ?? []) {
      quoted.fill(1, place, place + QUOTED);
      found = true;
    }
  }
  if (!found) return text;
  let rest = '';
  for (let index = 0; index < text.length; index++) {
    if (quoted[index] !== 1) rest += text[index];
    else if (quoted[index - 1] !== 1) rest += REDACTED;
  }
  return rest;
}
