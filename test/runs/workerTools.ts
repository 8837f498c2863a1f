import { getPriority } from 'node:os';
import { z } from 'zod';
import { defineTool, toolFile } from '../../src/agents/defineTool.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';

const inWorker = { worker: true, module: import.meta.url } as const;

/** Does as it is told, in a worker. Its module is loaded there too. */
export const work = defineTool({
  ...inWorker,
  name: 'work',
  description: '',
  input: z.object({ act: z.string(), ms: z.number().optional() }),
  output: z.object({ said: z.string() }),
  progress: z.object({ part: z.number() }),
  timeoutMs: 15_000,
  execute: async ({ act, ms = 0 }, context) => {
    const { signal, progress, status } = context;
    switch (act) {
      case 'who': {
        const { callId, runId, threadId, agent, principal } = context;
        return { said: JSON.stringify({ callId, runId, threadId, agent, principal, aborted: signal.aborted, pid: process.pid }) };
      }
      case 'priority':
        return { said: String(getPriority(0)) };
      case 'compute':
        for (const end = performance.now() + ms; performance.now() < end; );
        return { said: 'computed' };
      case 'talk':
        status('working');
        for (let part = 1; part <= 5; part++) progress({ part });
        return { said: 'talked' };
      case 'mistalk':
        progress({ part: 'one' as never });
        return { said: 'never' };
      case 'wait':
        return await new Promise<never>((_resolve, reject) => {
          status('waiting');
          signal.addEventListener('abort', () => reject(new Error(`heard ${signal.aborted}`)), { once: true });
        });
      case 'deaf':
        status('deaf');
        for (;;);
      case 'throw':
        throw Object.assign(new Error('out of stock'), { code: 'E_STOCK' });
      case 'typed':
        throw new VerbatimError('BAD_INPUT', 'There is no such order.');
      case 'exit':
        process.exit(3);
        break;
      case 'uncaught':
        setTimeout(() => {
          throw new Error('long after');
        });
        return await new Promise<never>(() => {});
      case 'fill': {
        const held: unknown[] = [];
        for (;;) held.push(new Array(10_000).fill(held.length));
      }
      case 'bad':
        return { said: 1 as never };
      case 'function':
        return { said: (() => {}) as never };
      case 'file':
        return toolFile(new Uint8Array([1, 2, 3]), { type: 'application/x-test', name: 'three' }) as never;
      case 'context':
        return { said: String(context.context) };
      case 'memory':
        return { said: String(await context.memory.thread.get('a')) };
    }
    return { said: act };
  },
});

/** As `work`, and may be repeated. */
export const repeatable = defineTool({
  ...inWorker,
  name: 'repeatable',
  description: '',
  input: z.object({ act: z.string() }),
  output: z.object({ said: z.string() }),
  idempotent: true,
  execute: () => process.exit(1),
});
