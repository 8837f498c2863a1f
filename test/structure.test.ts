import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { readSourceTree } from './support/sourceTree.ts';
import { checkStructure } from './support/structureRules.ts';

test('the sources keep to the structure', () => {
  const tree = readSourceTree(fileURLToPath(new URL('../src', import.meta.url)));
  expect(tree.size).toBeGreaterThan(10);
  expect(checkStructure(tree)).toEqual([]);
});

describe('a broken tree is told what is wrong with it', () => {
  const roots: string[] = [];
  afterEach(() => {
    for (const root of roots.splice(0)) rmSync(root, { recursive: true });
  });

  const check = (files: Readonly<Record<string, string>>): string[] => {
    const root = mkdtempSync(join(tmpdir(), 'verbatim-structure-'));
    roots.push(root);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return checkStructure(readSourceTree(root));
  };
  const lines = (count: number): string => '// a line\n'.repeat(count);

  test('a sound one is told nothing', () => {
    const found = check({
      'protocol/event.ts': "import { z } from 'zod';\nexport const event = z.object({});\n",
      'protocol/limits.ts': 'export const limits = {};\n',
      'db/openLog.ts': "import { event } from '../protocol/event.ts';\nimport fs from 'node:fs';\n",
      'server/createServer.ts': "export { openLog } from '../db/openLog.ts';\n",
      'client/transport.ts': "import { x } from '@trpc/client';\nimport type { event } from '../protocol/event.ts';\n",
      'client/client.ts': "import type { TRPCClient } from '@trpc/client';\n",
      'client/createClient.ts': "import {\n  a,\n  b,\n} from './transport.ts';\nimport type { Socket } from 'node:net';\n",
      'client/openSocket.node.ts': "import { WebSocket } from 'ws';\n",
      'react/useRun.tsx': "import { createClient } from '../client/createClient.ts';\n",
      'index.ts': "export * from './server/createServer.ts';\n",
    });
    expect(found).toEqual([]);
  });

  test.each<[name: string, files: Record<string, string>, problem: string]>([
    [
      'an import up',
      { 'db/a.ts': "import { b } from '../agents/b.ts';\n", 'agents/b.ts': '' },
      'db/a.ts imports agents/b.ts: db must not know agents',
    ],
    [
      'an import up over several lines',
      { 'agents/a.ts': "import {\n  b,\n  c,\n} from '../server/b.ts';\n", 'server/b.ts': '' },
      'agents/a.ts imports server/b.ts: agents must not know server',
    ],
    [
      'an import up for a type alone',
      { 'db/a.ts': "import type { B } from '../server/b.ts';\n", 'server/b.ts': '' },
      'db/a.ts imports server/b.ts: db must not know server',
    ],
    [
      'a server in the client',
      { 'client/a.ts': "export { b } from '../server/b.ts';\n", 'server/b.ts': '' },
      'client/a.ts imports server/b.ts: client must not know server',
    ],
    [
      'an import up that waits',
      { 'protocol/a.ts': "const b = await import('../db/b.ts');\n", 'db/b.ts': '' },
      'protocol/a.ts imports db/b.ts: protocol must not know db',
    ],
    ['a package in the protocol', { 'protocol/a.ts': "import superjson from 'superjson';\n" }, 'the protocol imports nothing but zod'],
    [
      'zod in what the client loads',
      { 'client/a.ts': "import { b } from '../protocol/b.ts';\n", 'protocol/b.ts': "import { z } from 'zod';\n" },
      'protocol/b.ts imports zod and is loaded by the client',
    ],
    ['Node in the client', { 'client/a.ts': "import { once } from 'node:events';\n" }, 'client/a.ts imports node:events'],
    ['ws in the client', { 'client/a.ts': "import { WebSocket } from 'ws';\n" }, 'client/a.ts imports ws'],
    [
      'MCP outside of its folder',
      { 'server/a.ts': "import { Client } from '@modelcontextprotocol/sdk/client/index.js';\n" },
      'only mcp knows it, for it need not be installed',
    ],
    [
      'MCP in what everybody loads',
      { 'server/a.ts': "import { b } from '../mcp/b.ts';\n", 'mcp/b.ts': '' },
      'server/a.ts imports mcp/b.ts: server must not know mcp',
    ],
    ['tRPC outside the transport', { 'client/run.ts': "import { x } from '@trpc/client';\n" }, 'only the transport knows tRPC'],
    ['a file that names no thing', { 'db/utils.ts': '' }, '"utils" names no thing'],
    ['a folder that names no thing', { 'db/helpers/a.ts': '' }, '"helpers" names no thing'],
    ['a manager', { 'server/runManager.ts': '' }, '"runManager" names no thing'],
    ['a name with a dash', { 'server/create-server.ts': '' }, 'is not in camelCase'],
    ['a default export', { 'server/a.ts': 'export default 1;\n' }, 'has a default export'],
    ['a folder of its own', { 'extra/a.ts': '' }, '"extra" is not one of the folders of src'],
    ['an import of nothing', { 'db/a.ts': "import './b.ts';\n" }, 'db/a.ts imports db/b.ts, which is not there'],
    [
      'a cycle',
      { 'db/a.ts': "import './b.ts';\n", 'db/b.ts': "export { c } from './c.ts';\n", 'db/c.ts': "import { a } from './a.ts';\n" },
      'cycle: db/a.ts -> db/b.ts -> db/c.ts -> db/a.ts',
    ],
    ['a file that grew', { 'db/a.ts': lines(301), 'db/b.ts': '', 'db/c.ts': '' }, 'db/a.ts has 301 lines'],
    ['files that all grew', { 'db/a.ts': lines(151), 'db/b.ts': lines(152), 'db/c.ts': lines(151) }, 'the median file has 151 lines'],
  ])('%s', (_, files, problem) => {
    const found = check(files);
    expect(found).toEqual([expect.stringContaining(problem)]);
  });

  test('a cycle of types is none', () => {
    expect(check({ 'db/a.ts': "import './b.ts';\n", 'db/b.ts': "import type { A } from './a.ts';\n" })).toEqual([]);
  });
});
