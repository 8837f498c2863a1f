import type { Contract, ContractAgent, ContractTool } from '../../agents/contractOf.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { type SchemaChange, type SchemaChangeKind, schemaChanges } from './schemaChanges.ts';

/** One difference between two contracts, in words. A breaking one can break a client that was written for the old contract. */
export interface ContractChange {
  readonly text: string;
  readonly isBreaking: boolean;
}

/** What a client does with a value. A tool's input is read as an event and written when an approval is edited. */
type Use = 'read' | 'written' | 'both';

const BREAKS: { readonly [Kind in SchemaChangeKind]: readonly Use[] } = {
  lost: ['read', 'written', 'both'],
  changed: ['read', 'written', 'both'],
  demanded: ['written', 'both'],
  required: ['written', 'both'],
  narrowed: ['written', 'both'],
  optional: ['read', 'both'],
  widened: ['read', 'both'],
  gained: [],
  loosened: [],
};

/** What changed, each once, breaking changes first, else in the order of agents and tools. */
export function contractChanges(before: Contract, after: Contract): ContractChange[] {
  const changes = namesOf(before.agents, after.agents).flatMap((name): ContractChange[] => {
    const [was, is] = [before.agents[name], after.agents[name]];
    if (is === undefined) return [breaking(`removed agent ${name}`)];
    return was === undefined ? [harmless(`added agent ${name}`)] : agentChanges(name, was, is);
  });
  // A tool of many agents changes once.
  const distinct = [...new Map(changes.map((change) => [change.text, change])).values()];
  return [...distinct.filter(({ isBreaking }) => isBreaking), ...distinct.filter(({ isBreaking }) => !isBreaking)];
}

function agentChanges(name: string, was: ContractAgent, is: ContractAgent): ContractChange[] {
  const agent = `agent ${name}`;
  const changes: ContractChange[] = [];
  if (was.description !== is.description) changes.push(harmless(`reworded the description of ${agent}`));
  if (is.toolsVary && !was.toolsVary) changes.push(breaking(`tools of ${agent} are now chosen for each run: they are JSON`));
  if (was.toolsVary && !is.toolsVary) changes.push(harmless(`tools of ${agent} are now known`));
  for (const tool of namesOf(was.tools, is.tools)) {
    const [old, now] = [was.tools[tool], is.tools[tool]];
    if (now === undefined) changes.push(breaking(`removed tool ${tool} from ${agent}`));
    else if (old === undefined) changes.push(harmless(`added tool ${tool} to ${agent}`));
    else changes.push(...toolChanges(tool, old, now));
  }
  for (const part of namesOf(was.data, is.data)) {
    const [old, now] = [was.data[part], is.data[part]];
    if (now === undefined) changes.push(breaking(`removed data part ${part} from ${agent}`));
    else if (old === undefined) changes.push(harmless(`added data part ${part} to ${agent}`));
    else changes.push(...changesOf(`data part ${part} of ${agent}`, old, now, 'read'));
  }
  changes.push(...contextChanges(agent, was, is));
  if (was.output !== undefined && is.output !== undefined) changes.push(...changesOf(`output of ${agent}`, was.output, is.output, 'read'));
  else if (was.output !== undefined) changes.push(breaking(`${agent} has no output any more`));
  else if (is.output !== undefined) changes.push(harmless(`${agent} has an output now`));
  for (const other of is.others ?? []) if (!was.others?.includes(other)) changes.push(harmless(`${agent} may hand over to ${other}`));
  for (const other of was.others ?? [])
    if (!is.others?.includes(other)) changes.push(breaking(`${agent} no longer hands over to ${other}`));
  return changes;
}

function contextChanges(agent: string, was: ContractAgent, is: ContractAgent): ContractChange[] {
  if (was.context === undefined) {
    if (is.context === undefined) return [];
    return [is.contextOptional ? harmless(`${agent} takes a context now`) : breaking(`${agent} needs a context now`)];
  }
  if (is.context === undefined) return [breaking(`${agent} takes no context any more`)];
  const changes = changesOf(`context of ${agent}`, was.context, is.context, 'written');
  if (was.contextOptional && !is.contextOptional) changes.push(breaking(`${agent} needs a context now`));
  if (!was.contextOptional && is.contextOptional) changes.push(harmless(`${agent} needs no context any more`));
  return changes;
}

function toolChanges(name: string, was: ContractTool, is: ContractTool): ContractChange[] {
  const tool = `tool ${name}`;
  const changes: ContractChange[] = [];
  if (was.description !== is.description) changes.push(harmless(`reworded the description of ${tool}`));
  if (was.kind !== 'client' && is.kind === 'client') changes.push(breaking(`${tool} is now carried out by the client`));
  if (was.kind === 'client' && is.kind !== 'client') changes.push(breaking(`${tool} is no longer carried out by the client`));
  if (is.approval && !was.approval) changes.push(breaking(`${tool} may now ask a person for approval`));
  if (was.approval && !is.approval) changes.push(harmless(`${tool} asks nobody for approval any more`));
  changes.push(...changesOf(`input of ${tool}`, was.input, is.input, 'both'));
  changes.push(...changesOf(`output of ${tool}`, was.output, is.output, is.kind === 'client' ? 'both' : 'read'));
  changes.push(...changesOf(`progress of ${tool}`, was.progress ?? {}, is.progress ?? {}, 'read'));
  return changes;
}

function changesOf(what: string, before: JsonObject, after: JsonObject, use: Use): ContractChange[] {
  const changes = schemaChanges(before, after);
  // The contract's JSON is sorted, so equal ones are equal texts.
  if (changes.length === 0) return JSON.stringify(before) === JSON.stringify(after) ? [] : [harmless(`reworded the ${what}`)];
  return changes.map((change) => ({ text: inWords(what, change, use), isBreaking: BREAKS[change.kind].includes(use) }));
}

function inWords(what: string, { kind, path, what: happened }: SchemaChange, use: Use): string {
  const said = `${path === '' ? 'it' : path} ${happened}`;
  switch (kind) {
    case 'lost':
      return `${what} lost field ${path}`;
    case 'gained':
      return `${what} gained field ${path}`;
    case 'demanded':
      return use === 'read' ? `${what} gained field ${path}` : `narrowed ${what}: ${said}`;
    case 'required':
      return use === 'read' ? `${what} always has field ${path} now` : `narrowed ${what}: ${said}`;
    case 'narrowed':
      return `narrowed ${what}: ${said}`;
    case 'optional':
    case 'widened':
    case 'loosened':
      return `widened ${what}: ${said}`;
    case 'changed':
      return `changed ${what}: ${said}`;
  }
}

function namesOf(before: object, after: object): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
}

const breaking = (text: string): ContractChange => ({ text, isBreaking: true });
const harmless = (text: string): ContractChange => ({ text, isBreaking: false });
