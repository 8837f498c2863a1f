import { spawnSync } from 'node:child_process';
import type { ToolContext } from '../../src/agents/defineTool.ts';
import type { Memory, MemoryScope } from '../../src/agents/memory.ts';
import type { McpTools } from '../../src/mcp/index.ts';
import type { Json } from '../../src/protocol/json.ts';
import { LOCAL_PRINCIPAL } from '../../src/protocol/principal.ts';
import { scriptBundle } from '../support/scriptBundle.ts';

const NONE: MemoryScope = { get: async () => undefined, set: async () => {}, delete: async () => {}, list: async () => [] };
const NO_MEMORY: Memory = { principal: NONE, thread: NONE };

/** The sample server as a process. */
export function stdioCommand(...args: readonly string[]) {
  return { command: process.execPath, args: [scriptBundle(new URL('./stdioServer.ts', import.meta.url)), ...args] };
}

export function callContext({ signal = new AbortController().signal, progress = (_: Json) => {} } = {}): ToolContext {
  return {
    signal,
    callId: 'call_1',
    runId: 'run_1',
    threadId: 'thread_1',
    agent: 'bot',
    principal: LOCAL_PRINCIPAL,
    context: undefined,
    memory: NO_MEMORY,
    progress,
    status: () => {},
  };
}

export function toolNamed(mcp: McpTools, name: string) {
  const tool = mcp.tools().find((candidate) => candidate.name === name);
  if (tool === undefined) throw new Error(`${name} is not one of ${mcp.tools().map((candidate) => candidate.name)}`);
  return tool;
}

/** As the run loop does: what the input's schema took, and what the output's gives. */
export async function callNamed(mcp: McpTools, name: string, input: Json = {}, context = callContext()): Promise<unknown> {
  const tool = toolNamed(mcp, name);
  const parsed = tool.parseInput(input);
  if (!parsed.ok) throw new Error(parsed.issues);
  return tool.execute(parsed.value, context);
}

/** Not one that has ended and that nobody has looked after yet. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}
