import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';

export interface SourceImport {
  /** As written: `zod`, `node:fs`, or a path relative to the root when it was a relative one. */
  readonly target: string;
  readonly isLocal: boolean;
  /** Erased by the compiler: `import type` and `export type`. */
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly SourceImport[];
  readonly hasDefaultExport: boolean;
}

export type SourceTree = ReadonlyMap<string, SourceFile>;

// The formatter keeps every statement at the start of a line and in single quotes, so that patterns can read them.
const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[^;'"]*?\sfrom\s+)?'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'/g;

/** Reads every `.ts` and `.tsx` file under `root`. */
export function readSourceTree(root: string): SourceTree {
  const tree = new Map<string, SourceFile>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const path = relative(root, file).split(sep).join('/');
    const text = readFileSync(file, 'utf8');
    tree.set(path, {
      path,
      lines: text.trimEnd().split('\n').length,
      imports: readImports(path, text),
      hasDefaultExport: /^export default\b|^export \{[^}]*\bas default\b/m.test(text),
    });
  }
  return tree;
}

function readImports(path: string, text: string): SourceImport[] {
  const toImport = (specifier: string, isTypeOnly: boolean): SourceImport => {
    const isLocal = specifier.startsWith('.');
    return { target: isLocal ? posix.join(posix.dirname(path), specifier) : specifier, isLocal, isTypeOnly };
  };
  return [
    ...Array.from(text.matchAll(STATEMENT), ([, type, specifier = '']) => toImport(specifier, type !== undefined)),
    ...Array.from(text.matchAll(DYNAMIC), ([, specifier = '']) => toImport(specifier, false)),
  ];
}

/** Every file that loads when one of `paths` is imported, those included. */
export function reachableFrom(tree: SourceTree, paths: Iterable<string>): ReadonlySet<string> {
  const reached = new Set<string>(paths);
  for (const path of reached) {
    for (const { target, isLocal, isTypeOnly } of tree.get(path)?.imports ?? []) {
      if (isLocal && !isTypeOnly) reached.add(target);
    }
  }
  return reached;
}

/** Files that load each other, as `a -> b -> a`. Each ring is told once. */
export function findCycles(tree: SourceTree): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      cycles.push([...trail.slice(start), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const { target, isLocal, isTypeOnly } of tree.get(path)?.imports ?? []) {
      if (isLocal && !isTypeOnly) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of tree.keys()) visit(path, []);
  return cycles;
}
