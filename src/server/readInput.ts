import { VerbatimError } from '../protocol/verbatimError.ts';

/** What superjson annotates, and no input takes. */
const NOT_PLAIN: ReadonlySet<unknown> = new Set(['bigint', 'Date', 'Error', 'regexp', 'set', 'map', 'URL']);
const NUMBERS: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity', '-0']);
/** superjson refuses these too. */
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor']);

/**
 * The input of a call out of superjson. Inputs are plain JSON, so of its annotations only those that JSON leaves out mean something here:
 * `undefined`, and numbers such as -0. A value of another kind becomes a symbol, which the schema of the procedure refuses by its path.
 * superjson itself does what the annotations say: it makes typed arrays of any length, writes far past the end of a list, and steps through
 * a set for every path. Throws `BAD_INPUT` for what no superjson writes; the given value is used up.
 */
export function readInput(payload: unknown): unknown {
  // A call without input has none to read: one written by hand leaves it out.
  if (payload === undefined) return undefined;
  if (!isRecord(payload)) throw unreadable();
  const root = { json: payload.json };
  if (payload.meta === undefined || payload.meta === null) return root.json;
  if (!isRecord(payload.meta)) throw unreadable();
  const { values, referentialEqualities } = payload.meta;
  for (const [path, annotation] of annotationsOf(values)) annotate(root, path, annotation);
  for (const path of placeholdersOf(referentialEqualities)) {
    const place = placeOf(root, path);
    // A client that leaves a value out where it stands twice; others write it again, and nothing is to be done.
    if (place.value === null) place.set(Symbol('reference'));
  }
  return root.json;
}

interface Root {
  json: unknown;
}

/** A value stands for a whole input; `undefined` is that of the root. */
type Path = string | undefined;

function* annotationsOf(values: unknown): Generator<readonly [Path, unknown]> {
  if (values === undefined) return;
  if (Array.isArray(values)) return yield [undefined, values];
  if (!isRecord(values)) throw unreadable();
  yield* Object.entries(values);
}

/** A leaf is `[kind]`; sets and maps have the annotations of their contents behind it, lists and classes are `[[kind, name]]`. */
function annotate(root: Root, path: Path, annotation: unknown): void {
  if (!Array.isArray(annotation)) throw unreadable();
  const [kind]: readonly unknown[] = annotation;
  const place = placeOf(root, path);
  if (kind === 'undefined') place.set(undefined);
  else if (kind === 'number' && NUMBERS.has(place.value)) place.set(Number(place.value));
  else if (NOT_PLAIN.has(kind) || Array.isArray(kind)) place.set(Symbol(String(Array.isArray(kind) ? kind[0] : kind).slice(0, 50)));
  else throw unreadable();
}

/** Where a value stands that is written elsewhere as well. */
function* placeholdersOf(equalities: unknown): Generator<string> {
  if (equalities === undefined) return;
  const [ofRoot, others]: readonly unknown[] = Array.isArray(equalities) ? equalities : [[], equalities];
  for (const list of [ofRoot, ...Object.values(others ?? {})]) {
    if (!Array.isArray(list)) throw unreadable();
    for (const path of list) {
      if (typeof path !== 'string') throw unreadable();
      yield path;
    }
  }
}

/** Only what the JSON itself holds has a place. */
function placeOf(root: Root, path: Path): { readonly value: unknown; set(value: unknown): void } {
  let parent: Record<string, unknown> = { ...root };
  let key = 'json';
  for (const next of path === undefined ? [] : segmentsOf(path)) {
    const child = parent[key];
    if (typeof child !== 'object' || child === null || FORBIDDEN.has(next) || !Object.hasOwn(child, next)) throw unreadable();
    // Lists have their places by name as well.
    parent = child as Record<string, unknown>;
    key = next;
  }
  return {
    value: parent[key],
    set(value) {
      if (path === undefined) root.json = value;
      else parent[key] = value;
    },
  };
}

/** `a.b\.c` is `a`, `b.c`; a backslash stands before a dot or another one. */
function* segmentsOf(path: string): Generator<string> {
  let from = 0;
  for (let at = 0; at < path.length; at++) {
    if (path[at] === '\\') at++;
    else if (path[at] === '.') {
      yield unescaped(path.slice(from, at));
      from = at + 1;
    }
  }
  yield unescaped(path.slice(from));
}

const unescaped = (segment: string): string => segment.replace(/\\([\\.])/g, '$1');

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(): VerbatimError {
  return new VerbatimError('BAD_INPUT', 'The request could not be read: its input is not superjson.');
}
