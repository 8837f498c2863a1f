import type { Contract, ContractAgent } from '../../agents/contractOf.ts';
import { type ApiNames, apiNames, type NamedTool } from './apiNames.ts';
import { docComment } from './docComment.ts';
import { errorMeanings } from './errorMeanings.ts';
import { fromModule, NOTICE } from './moduleText.ts';
import { JSON_TYPE } from './printedType.ts';
import { keyOf, pascalCase, quoted } from './typeNames.ts';
import { TypePrinter } from './typePrinter.ts';

/** `api.d.ts`: every agent, tool, output, data part, approval and error as a type with its description. Also the names of all of them. */
export function apiFile(contract: Contract): { readonly text: string; readonly names: ApiNames; readonly exported: readonly string[] } {
  const names = apiNames(contract);
  const printer = new TypePrinter(names.free);
  const approvals = names.tools.filter(({ tool }) => tool.approval);
  const parts = [
    apiType(contract, names),
    ...Object.entries(contract.agents).flatMap(([name, agent]) => [agentTypes(name, agent, contract, names, printer), ...printer.take()]),
    ...names.tools.flatMap((tool) => [toolTypes(tool, printer), ...printer.take()]),
    approvalType(approvals),
    errorTypes(),
  ];
  const text = `${NOTICE}${fromModule('verbatim-client', 'import type * as verbatim')}\n${parts.join('\n')}`;
  const exported = [...text.matchAll(/^export type (\S+) =/gm)].map(([, name = '']) => name);
  return { text, names, exported: exported.sort() };
}

function apiType({ agents }: Contract, names: ApiNames): string {
  const lines = Object.entries(agents).flatMap(([name, { description, internal }]) => {
    if (internal) return [];
    return `${docComment([description], '  ')}  ${keyOf(name)}: ${names.agents.get(name)}Agent;\n`;
  });
  return `/** The agents, as \`createClient\` knows them. */\nexport type Api = {\n${lines.join('')}};\n`;
}

function agentTypes(name: string, agent: ContractAgent, contract: Contract, names: ApiNames, printer: TypePrinter): string {
  const prefix = names.agents.get(name) ?? '';
  const { context, output } = agent;
  if (context !== undefined) {
    printer.declare(`${prefix}Context`, context, { side: 'writer', description: `What \`send\` takes as \`context\` for ${name}.` });
  }
  if (output !== undefined) {
    printer.declare(`${prefix}Output`, output, { side: 'reader', description: `What \`run.result().output\` of ${name} is.` });
  }
  const data = Object.entries(agent.data).map(([part, schema]) => {
    const typeName = names.free.take(`${prefix}${pascalCase(part)}Data`);
    printer.declare(typeName, schema, { side: 'reader', description: `The data part \`${part}\` of ${name}.` });
    return `    ${keyOf(part)}: ${typeName};\n`;
  });
  const fields = [
    `tools: ${toolsType(name, contract, names)}`,
    `data: ${data.length === 0 ? 'Record<never, never>' : `{\n${data.join('')}  }`}`,
    `context: ${typesOf(name, contract, (one) => contextTypes(one, contract, names))}`,
    `output: ${typesOf(name, contract, (one) => [contract.agents[one]?.output === undefined ? 'undefined' : `${names.agents.get(one)}Output`])}`,
  ];
  return [
    `${docComment([agent.description])}export type ${prefix}Agent = {\n${fields.map((field) => `  ${field};\n`).join('')}};\n`,
    `/** What a reader of ${name} meets. */\nexport type ${prefix}Event = verbatim.EventOf<${prefix}Agent>;\n`,
    `/** A run of ${name}. */\nexport type ${prefix}Run = verbatim.Run<${prefix}Agent>;\n`,
  ].join('\n');
}

/** Of a router: whatever the agents take or give that it chooses from. */
function typesOf(name: string, { agents }: Contract, typesOfOne: (name: string) => readonly string[]): string {
  const answering = new Set([name]);
  for (const one of answering) if (agents[one]?.kind === 'router') for (const other of agents[one]?.others ?? []) answering.add(other);
  const types = [...answering].filter((one) => agents[one]?.kind !== 'router').flatMap(typesOfOne);
  // Last, as one writes it.
  return [...new Set(types)].sort((a, b) => Number(a === 'undefined') - Number(b === 'undefined')).join(' | ') || 'undefined';
}

function contextTypes(name: string, { agents }: Contract, names: ApiNames): readonly string[] {
  const { context, contextOptional } = agents[name] ?? {};
  return context === undefined ? ['undefined'] : [`${names.agents.get(name)}Context`, ...(contextOptional ? ['undefined'] : [])];
}

function toolsType(name: string, contract: Contract, names: ApiNames): string {
  const speaking = [...agentsOf(name, contract)];
  if (speaking.some((agent) => contract.agents[agent]?.toolsVary)) {
    const any = `{ input: ${JSON_TYPE.text}; output: ${JSON_TYPE.text}; progress: ${JSON_TYPE.text} }`;
    return `{\n    /** They are chosen for each run: any tool, as JSON. */\n    [name: string]: ${any};\n  }`;
  }
  const tools = new Map<string, { readonly types: Set<string>; readonly doc: string }>();
  for (const agent of speaking) {
    for (const tool of Object.keys(contract.agents[agent]?.tools ?? {})) {
      const named = names.toolOf(agent, tool);
      const entry = tools.get(tool) ?? {
        types: new Set(),
        doc: agent === name ? named.tool.description : `Of ${agent}. ${named.tool.description}`,
      };
      tools.set(tool, entry);
      entry.types.add(`${named.typeName}Tool`);
    }
  }
  if (tools.size === 0) return 'Record<never, never>';
  const lines = [...tools].map(([tool, { types, doc }]) => `${docComment([doc], '    ')}    ${keyOf(tool)}: ${[...types].join(' | ')};\n`);
  return `{\n${lines.join('')}  }`;
}

/** The agent, and all that may speak in its runs: to which it hands over, which its tools ask, and so on. */
function agentsOf(name: string, { agents }: Contract): ReadonlySet<string> {
  const speaking = new Set([name]);
  for (const agent of speaking) {
    const { others = [], tools = {} } = agents[agent] ?? {};
    for (const other of [...others, ...Object.values(tools).flatMap(({ asks = [] }) => asks)]) speaking.add(other);
  }
  return speaking;
}

function toolTypes({ name, typeName, tool }: NamedTool, printer: TypePrinter): string {
  printer.declare(`${typeName}Input`, tool.input, { side: 'reader', description: `What the model passes to \`${name}\`.` });
  printer.declare(`${typeName}Output`, tool.output, { side: 'reader', description: `What \`${name}\` answers.` });
  if (tool.progress !== undefined) {
    printer.declare(`${typeName}Progress`, tool.progress, { side: 'reader', description: `How far \`${name}\` is.` });
  }
  const progress = tool.progress !== undefined ? `${typeName}Progress` : tool.kind === 'execute' ? JSON_TYPE.text : 'never';
  const fields = [
    `input: ${typeName}Input`,
    `output: ${typeName}Output`,
    `progress: ${progress}`,
    ...(tool.kind === 'client' ? ['/** The client carries it out: `run.submitToolResult`. */\n  client: true'] : []),
    ...(tool.approval ? ['/** A person may be asked first. */\n  approval: true'] : []),
    ...(tool.asks !== undefined ? [`/** It is what they answer. */\n  asks: ${tool.asks.map(quoted).join(' | ')}`] : []),
  ];
  const approval = `/** A person is asked whether a call of \`${name}\` may be made. */\nexport type ${typeName}Approval = verbatim.ApprovalInfo<${quoted(name)}, ${typeName}Input>;\n`;
  return [
    `${docComment([tool.description])}export type ${typeName}Tool = {\n${fields.map((field) => `  ${field};\n`).join('')}};\n`,
    ...(tool.approval ? [approval] : []),
  ].join('\n');
}

function approvalType(tools: readonly NamedTool[]): string {
  const types = tools.map(({ typeName }) => `${typeName}Approval`);
  return `/** What a person may be asked, as \`client.approvals.list\` has it. */\nexport type Approval = ${types.length === 0 ? 'never' : types.join(' | ')};\n`;
}

function errorTypes(): string {
  const lines = [...errorMeanings()].map(([code, meaning]) => {
    return `${docComment([meaning], '  ')}  ${code}: { code: ${quoted(code)}; message: string; retryable: boolean };\n`;
  });
  return `/** What can go wrong: with calls (\`VerbatimError\`), runs (\`run.failed\`), tools (\`tool.failed\`) and the client itself. */\nexport type Errors = {\n${lines.join('')}};\n`;
}
