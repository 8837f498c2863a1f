import { type Contract, hashContract } from '../../agents/contractOf.ts';
import { apiFile } from './apiFile.ts';
import { fromModule, NOTICE } from './moduleText.ts';
import { schemasFile } from './schemasFile.ts';
import { testingFile } from './testingFile.ts';

/** Of the packages that generate, and that the generated one needs: they are released together. */
export interface PackageOptions {
  readonly name: string;
  readonly verbatimVersion: string;
}

/** The contract is written last: a folder has the one that its other files were made of. */
export const CONTRACT_FILE = 'contract.json';

/** Every file of the generated package by its name: the same texts for the same contract, name and version. */
export function packageFiles(contract: Contract, { name, verbatimVersion }: PackageOptions): ReadonlyMap<string, string> {
  const api = apiFile(contract);
  const schemas = schemasFile(contract, api.names);
  const testing = testingFile(contract, api.names);
  const version = versionOf(contract, verbatimVersion);
  const files = {
    'api.d.ts': api.text,
    'index.d.ts': indexTypes(name, api.exported),
    'index.js': `${NOTICE}${fromModule('verbatim-client', 'export *')}`,
    'schemas.d.ts': schemas.dts,
    'schemas.js': schemas.js,
    'testing.d.ts': testing.dts,
    'testing.js': testing.js,
    'README.md': readme(name, contract),
  };
  const names = [...Object.keys(files), 'package.json', CONTRACT_FILE].sort();
  const manifest = `${JSON.stringify(packageJson(names, { name, version, verbatimVersion }), null, 2)}\n`;
  return new Map([...Object.entries(files), ['package.json', manifest], [CONTRACT_FILE, contractText(contract)]]);
}

/** The release of Verbatim and the contract's hash: another for whatever else may be in the package. */
export function versionOf(contract: Contract, verbatimVersion: string): string {
  // With a letter before it, since a part of a version that is a number has no leading zero.
  return `${verbatimVersion}-c${hashContract(contract).slice(0, 12)}`;
}

export function contractText(contract: Contract): string {
  return `${JSON.stringify(contract, null, 2)}\n`;
}

function packageJson(files: readonly string[], { name, version, verbatimVersion }: PackageOptions & { readonly version: string }): object {
  return {
    name,
    version,
    description: 'A typed client, written by `verbatim generate`',
    type: 'module',
    sideEffects: false,
    exports: {
      '.': { types: './index.d.ts', default: './index.js' },
      './schemas': { types: './schemas.d.ts', default: './schemas.js' },
      './testing': { types: './testing.d.ts', default: './testing.js' },
      './contract.json': './contract.json',
      './package.json': './package.json',
    },
    files: files.filter((file) => file !== 'package.json' && file !== 'README.md'),
    dependencies: { 'verbatim-client': `^${verbatimVersion}` },
    peerDependencies: { 'verbatim-agents': `^${verbatimVersion}` },
    peerDependenciesMeta: { 'verbatim-agents': { optional: true } },
  };
}

function indexTypes(name: string, exported: readonly string[]): string {
  return `${NOTICE}${fromModule('verbatim-client', 'import type { Client, ClientOptions }')}${fromModule('./api.js', 'import type { Api }')}
// What is named here goes before what is not: a tool may have the name of something in the client.
${fromModule('./api.js', `export type {\n${exported.map((type) => `  ${type},\n`).join('')}}`)}${fromModule('verbatim-client', 'export *')}
/**
 * A client that knows these agents: \`import { createClient } from '${name}'\`. Does no I/O: it connects when it is first used.
 * Throws \`BAD_INPUT\` for a URL it cannot use.
 */
export declare function createClient(options: ClientOptions): Client<Api>;
`;
}

function readme(name: string, { agents }: Contract): string {
  const [first = 'assistant'] = Object.keys(agents);
  const rows = Object.entries(agents).map(([agent, { description, tools }]) => {
    return `| \`${agent}\` | ${cell(description)} | ${Object.keys(tools)
      .map((tool) => `\`${tool}\``)
      .join(', ')} |\n`;
  });
  return `# ${name}

Written by \`verbatim generate\`: a typed client of these agents. Changes are lost when it is run again.

| agent | what it does | tools |
|---|---|---|
${rows.join('')}
\`\`\`ts
${fromModule(name, 'import { createClient }')}
const client = createClient({ url: 'wss://agents.example.com', token: () => getToken() });
const run = await client.send({ agent: '${first}', text: 'Hello' });
for await (const event of run) {
  if (event.type === 'text.delta') show(event.delta);
}
\`\`\`

- \`${name}\`: the client, and a type for every agent, tool, output, data part, approval and error.
- \`${name}/schemas\`: JSON Schemas that check what you send, each a Standard Schema.
- \`${name}/testing\`: \`createTestServer({ agents: { ${first}: [{ text: 'Hello!' }] } })\`, a server with scripted answers for your tests. It needs
  \`verbatim-agents\` as a development dependency.
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
