import { posix } from 'node:path';
import { findCycles, reachableFrom, type SourceFile, type SourceTree } from './sourceTree.ts';

export const MAX_LINES = 300;
export const MAX_MEDIAN_LINES = 150;

/** Which folders of `src` a folder may import from. `.` is the files of `src` itself: the entry point. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  db: ['protocol'],
  agents: ['protocol', 'db'],
  server: ['protocol', 'db', 'agents'],
  'ai-sdk': ['protocol', 'agents'],
  mcp: ['protocol', 'agents', 'client', 'server'],
  client: ['protocol'],
  react: ['protocol', 'client'],
  testing: ['protocol', 'db', 'agents', 'server', 'client', '.'],
  worker: ['protocol', 'db', 'agents', 'server', 'client', 'testing', '.'],
  cli: ['protocol', 'db', 'agents', 'server', 'client', 'testing', 'worker', '.'],
  '.': ['protocol', 'db', 'agents', 'server'],
};

/** Generated, and as long as they must be. */
const GENERATED = /^db\/migrations(?:\.ts$|\/)/;
const FORBIDDEN_NAME = /^(?:utils?|helpers?|common|types?|managers?)$|(?:Utils?|Helpers?|Types|Managers?)$/;
const CAMEL_CASE = /^[a-z][a-zA-Z0-9]*$/;
/** What of Node a browser's module may name: only in a file that the `node` export condition picks. */
const NODE_ONLY_FILE = /\.node\.ts$/;
/** The only files whose code knows tRPC; its types are part of the surface, as `client.trpc`. */
const TRANSPORT_FILE = /^client\/(?:transport\/.*|transport[A-Za-z]*)\.ts$/;

/** What is wrong with a source tree, a sentence each. Empty when nothing is. */
export function checkStructure(tree: SourceTree): string[] {
  const files = [...tree.values()].filter(({ path }) => !GENERATED.test(path));
  return [
    ...files.flatMap((file) => [...checkName(file), ...checkImports(tree, file)]),
    ...checkClient(tree),
    ...findCycles(tree).map((cycle) => `cycle: ${cycle}`),
    ...files.filter(({ lines }) => lines > MAX_LINES).map(({ path, lines }) => `${path} has ${lines} lines: ask for the second noun`),
    ...checkMedian(files),
  ];
}

function folderOf(path: string): string {
  const [first = '', ...rest] = path.split('/');
  return rest.length === 0 ? '.' : first;
}

function* checkName({ path, hasDefaultExport }: SourceFile): Generator<string> {
  const name = posix.basename(path).replace(/(?:\.node)?\.tsx?$/, '');
  for (const part of [...path.split('/').slice(0, -1), name]) {
    if (FORBIDDEN_NAME.test(part)) yield `${path}: "${part}" names no thing`;
  }
  if (!CAMEL_CASE.test(name)) yield `${path} is not in camelCase`;
  if (hasDefaultExport) yield `${path} has a default export`;
}

function* checkImports(tree: SourceTree, { path, imports }: SourceFile): Generator<string> {
  const folder = folderOf(path);
  const allowed = MAY_IMPORT[folder];
  if (allowed === undefined) {
    yield `${path}: "${folder}" is not one of the folders of src`;
    return;
  }
  for (const { target, isLocal, isTypeOnly } of imports) {
    if (isLocal) {
      if (!tree.has(target)) yield `${path} imports ${target}, which is not there`;
      const from = folderOf(target);
      if (from !== folder && !allowed.includes(from)) yield `${path} imports ${target}: ${folder} must not know ${from}`;
    } else if (folder !== 'mcp' && target.startsWith('@modelcontextprotocol/')) {
      yield `${path} imports ${target}: only mcp knows it, for it need not be installed`;
    } else if (folder === 'protocol' && target !== 'zod') {
      yield `${path} imports ${target}: the protocol imports nothing but zod`;
    } else if (folder === 'client' && !isTypeOnly && target.startsWith('@trpc/') && !TRANSPORT_FILE.test(path)) {
      yield `${path} imports ${target}: only the transport knows tRPC`;
    }
  }
}

/** What a browser loads: no zod (it alone is 43 KB or more), and nothing of Node. */
function* checkClient(tree: SourceTree): Generator<string> {
  const entries = [...tree.keys()].filter((path) => ['client', 'react'].includes(folderOf(path)));
  for (const path of reachableFrom(tree, entries)) {
    for (const { target, isLocal, isTypeOnly } of tree.get(path)?.imports ?? []) {
      if (isLocal || isTypeOnly) continue;
      if (target === 'zod' || target.startsWith('zod/')) yield `${path} imports zod and is loaded by the client`;
      if ((target.startsWith('node:') || target === 'ws') && !NODE_ONLY_FILE.test(path)) {
        yield `${path} imports ${target} and is loaded by the client in a browser`;
      }
    }
  }
}

function* checkMedian(files: readonly SourceFile[]): Generator<string> {
  const sizes = files.map(({ lines }) => lines).sort((a, b) => a - b);
  const median = sizes[Math.floor(sizes.length / 2)] ?? 0;
  if (median > MAX_MEDIAN_LINES) yield `the median file has ${median} lines`;
}
