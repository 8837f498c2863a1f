// Makes dist-client of dist: the package verbatim-client, which is what the client's entries reach and nothing else. Throws when they
// reach a package that whoever installs it would not have.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

const DEPENDENCIES = ['@trpc/client', '@trpc/server', 'partial-json', 'superjson'];
/** Only where Node has no WebSocket, which is 20: the client asks for it then. */
const OPTIONAL_DEPENDENCIES = ['ws'];
const PEERS = ['react'];
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g;

export function buildClientPackage(root) {
  const dist = join(root, 'dist');
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const hasReact = existsSync(join(dist, 'react/index.js'));
  const entries = ['client/index', 'client/index.node', 'client/schema', ...(hasReact ? ['react/index'] : [])];

  const folder = join(root, 'dist-client');
  rmSync(folder, { recursive: true, force: true });
  for (const file of reachedFrom(
    dist,
    entries.flatMap((entry) => [`${entry}.js`, `${entry}.d.ts`]),
  )) {
    for (const name of [file, `${file}.map`]) {
      if (!existsSync(join(dist, name))) continue;
      mkdirSync(dirname(join(folder, 'dist', name)), { recursive: true });
      cpSync(join(dist, name), join(folder, 'dist', name));
    }
  }
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'README.md'), README);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(own, hasReact), null, 2)}\n`);
}

function reachedFrom(dist, entries) {
  const reached = new Set(entries);
  for (const file of reached) {
    const text = readFileSync(join(dist, file), 'utf8');
    for (const [, target] of text.matchAll(IMPORT)) {
      if (target.startsWith('.')) {
        const path = posix.join(posix.dirname(file), target);
        reached.add(file.endsWith('.d.ts') ? path.replace(/\.[jt]s$/, '.d.ts') : path);
      } else if (!mayImport(file, target)) {
        throw new Error(`dist/${file} imports ${target}: verbatim-client would not have it`);
      }
    }
  }
  return reached;
}

function mayImport(file, target) {
  const name = target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
  if (target === 'node:module') return file === 'client/index.node.js';
  return DEPENDENCIES.includes(name) || (PEERS.includes(name) && file.startsWith('react/'));
}

function manifest(own, hasReact) {
  const ranges = (names) => Object.fromEntries(names.map((name) => [name, own.dependencies[name]]));
  return {
    name: 'verbatim-client',
    version: own.version,
    description:
      'The client of a Verbatim server: typed, resumable conversations with AI agents, in browsers, Node, Bun, Deno and React Native.',
    license: own.license,
    type: 'module',
    engines: own.engines,
    sideEffects: false,
    exports: {
      '.': { types: './dist/client/index.d.ts', node: './dist/client/index.node.js', import: './dist/client/index.js' },
      './schema': { types: './dist/client/schema.d.ts', import: './dist/client/schema.js' },
      ...(hasReact && { './react': { types: './dist/react/index.d.ts', import: './dist/react/index.js' } }),
      './package.json': './package.json',
    },
    files: ['dist'],
    dependencies: ranges(DEPENDENCIES),
    optionalDependencies: ranges(OPTIONAL_DEPENDENCIES),
    ...(hasReact && {
      peerDependencies: { react: own.peerDependencies?.react ?? '>=18' },
      peerDependenciesMeta: { react: { optional: true } },
    }),
  };
}

const README = `# verbatim-client

The client of a [Verbatim](https://www.npmjs.com/package/verbatim-agents) server, without the server: typed, resumable conversations with AI
agents. A client package that \`verbatim generate\` wrote depends on it and adds the types of your agents.

\`\`\`ts
import { createClient } from 'verbatim-client';

const client = createClient({ url: 'wss://agents.example.com', token: () => getToken() });
const run = await client.send({ agent: 'support', text: 'Where is order 42?' });
for await (const event of run) {
  if (event.type === 'text.delta') show(event.delta);
}
\`\`\`

It needs the same version of \`verbatim-agents\` on the server, or a later one.
`;
