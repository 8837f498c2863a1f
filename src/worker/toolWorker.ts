import { setPriority } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';
import { type AnyTool, isToolFile } from '../agents/defineTool.ts';
import { markToolThread, type ToolAnswer, type ToolNews, type ToolTask } from '../agents/toolTask.ts';
import { isErrorCode } from '../protocol/errorCodes.ts';
import type { Json } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { ownModules } from './ownModules.ts';

const modules = new Map<string, Promise<Readonly<Record<string, unknown>>>>();

/**
 * Of 19. A thread with it gets a tenth of a core that the server wants for itself. Measured on one core with 1,000 streams (`npm run bench`,
 * `compute`): their delivery p99 is 6 to 13 ms, 34 with 0, 16 with 19, and 8 to 37 without any computing.
 */
const NICENESS = 10;

markToolThread();
// Only on Linux 0 means this thread; elsewhere it is the whole process.
if (process.platform === 'linux') setPriority(0, NICENESS);

/** Carries out a call in a worker thread. Loads the tool's module when it is first wanted. Never rejects. */
export async function runTool({ module, tool: name, input, context, port }: ToolTask): Promise<ToolAnswer> {
  const abort = new AbortController();
  port.addEventListener('message', () => abort.abort(new VerbatimError('CANCELLED', 'The call was stopped.')), { once: true });
  port.start();
  const say = (news: ToolNews): void => port.postMessage(news);
  try {
    const tool = await findTool(module, name).catch((cause: unknown) => new Unloaded(cause));
    if (tool instanceof Unloaded) return { type: 'unloaded', stack: tool.stack };
    const parsed = tool.parseInput(input);
    if (!parsed.ok) return { type: 'typed', error: new VerbatimError('TOOL_BAD_INPUT', `The input does not fit: ${parsed.issues}.`).info };
    const result = await tool.execute(parsed.value, {
      ...context,
      signal: abort.signal,
      get context(): never {
        throw notHere(name, 'context');
      },
      get memory(): never {
        throw notHere(name, 'memory');
      },
      progress(data) {
        const said = tool.parseProgress(data);
        if (!said.ok) throw new TypeError(`The progress of tool ${name} does not fit its schema: ${said.issues}`);
        say({ type: 'progress', data: said.value as Json });
      },
      status: (text) => say({ type: 'status', text }),
    });
    if (isToolFile(result)) return { type: 'result', result };
    // Here and not by who asked: checking takes time, and what fits can be copied.
    const output = tool.parseOutput(result);
    if (output.ok) return { type: 'result', result: output.value as Json };
    const message = `The tool returned what its output schema refuses: ${output.issues}.`;
    return { type: 'typed', error: new VerbatimError('TOOL_BAD_OUTPUT', message).info };
  } catch (cause) {
    return answerOf(cause);
  } finally {
    port.close();
  }
}

async function findTool(module: string, name: string): Promise<AnyTool> {
  let loading = modules.get(module);
  if (loading === undefined) {
    loading = load(module);
    modules.set(module, loading);
    // What it lacked may be there the next time.
    loading.catch(() => modules.delete(module));
  }
  const exported = Object.values(await loading).find((value): value is AnyTool => isTool(value) && value.name === name);
  if (exported !== undefined) return exported;
  throw new Error(`${module} does not export the tool ${name}`);
}

async function load(module: string): Promise<Readonly<Record<string, unknown>>> {
  const file = fileURLToPath(module);
  try {
    if (!/^\.[cm]?tsx?$/.test(extname(file))) return await import(module);
    return await createJiti(file, { interopDefault: false }).import(file);
  } catch (cause) {
    // This package may not be installed beside it, as beside a config file. To load all of it takes time, so only then.
    if (!(cause instanceof Error && 'code' in cause && String(cause.code).endsWith('MODULE_NOT_FOUND'))) throw cause;
    return createJiti(file, { virtualModules: await ownModules(file), interopDefault: false }).import(file);
  }
}

class Unloaded {
  readonly stack: string;

  constructor(cause: unknown) {
    this.stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  }
}

function isTool(value: unknown): value is AnyTool {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'execute' && 'parseInput' in value;
}

function notHere(tool: string, what: string): TypeError {
  return new TypeError(`The tool ${tool} is carried out in a worker: there is no \`${what}\` there.`);
}

/** By what it looks like: a module that has a copy of this package of its own throws errors of that copy. */
function answerOf(cause: unknown): ToolAnswer {
  if (!(cause instanceof Error)) return { type: 'thrown', name: 'Error', message: typeof cause === 'string' ? cause : '' };
  const { name, message } = cause;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  if (name === 'VerbatimError' && isErrorCode(code)) return { type: 'typed', error: new VerbatimError(code, message).info };
  return { type: 'thrown', name, message, ...(code !== undefined && { code }) };
}
