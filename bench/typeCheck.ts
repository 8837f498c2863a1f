import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ['node'],
    noEmit: true,
  },
  include: ['*.ts'],
};
const TOOLS = 10;

/** Seconds that the compiler takes for an application with so many agents of ten tools each, and a client that reads their events. */
export function typeCheckSeconds(agents: number): number {
  // Within the package, so that it is found by its name.
  const folder = mkdtempSync(join(fileURLToPath(new URL('.', import.meta.url)), 'types-'));
  try {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    writeFileSync(join(folder, 'agents.ts'), agentsFile(agents));
    writeFileSync(join(folder, 'client.ts'), clientFile(agents));
    const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
    const startMs = performance.now();
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the project of ${agents} agents has errors:\n${stdout}`);
    return (performance.now() - startMs) / 1_000;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function agentsFile(agents: number): string {
  const tool = (agent: number, index: number): string =>
    `defineTool({ name: 'tool_${agent}_${index}', description: 'A tool', ` +
    `input: z.object({ id${index}: z.string(), note: z.string().optional(), kind: z.enum(['a', 'b']) }), ` +
    `output: z.object({ status: z.string(), lines: z.array(z.object({ sku: z.string(), count${index}: z.number() })) }), ` +
    `execute: async ({ id${index} }) => ({ status: id${index}, lines: [{ sku: 'x', count${index}: 1 }] }) })`;
  const agent = (number: number): string =>
    `  agent${number}: defineAgent({ description: 'An agent', model: offline(), tools: [\n` +
    `${Array.from({ length: TOOLS }, (_, index) => `    ${tool(number, index)},\n`).join('')}  ] }),\n`;
  return (
    "import { createServer, defineAgent, defineTool, type InferApi, offline } from 'verbatim-agents';\nimport { z } from 'zod';\n\n" +
    `export const agents = {\n${Array.from({ length: agents }, (_, number) => agent(number)).join('')}};\n` +
    'export type Api = InferApi<typeof agents>;\nexport const server = await createServer({ agents });\nexport { defineAgent, defineTool, offline, z };\n'
  );
}

function clientFile(agents: number): string {
  const use = (number: number): string =>
    `for await (const event of await client.send({ agent: 'agent${number}', text: 'x' })) {\n` +
    `  if (event.type === 'tool.called' && event.tool === 'tool_${number}_3') event.input.id3.length;\n}\n`;
  return (
    "import { createClient } from 'verbatim-agents/client';\nimport type { Api } from './agents.js';\n\n" +
    `const client = createClient<Api>({ url: 'http://127.0.0.1:3000' });\n${Array.from({ length: agents }, (_, number) => use(number)).join('')}` +
    "for await (const event of client.thread('x').watch()) {\n  if (event.type === 'text.delta') event.delta.length;\n" +
    `${agents === 0 ? '' : "  if (event.type === 'tool.called' && event.tool === 'tool_0_3') event.input.id3.length;\n"}}\n`
  );
}
