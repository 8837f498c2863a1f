import { defineTool } from 'verbatim-agents';
import { z } from 'zod';

const definition = {
  description: 'Computes for so long, without a pause',
  input: z.object({ ms: z.number() }),
  output: z.object({ rounds: z.number() }),
  execute: ({ ms }: { readonly ms: number }) => {
    let rounds = 0;
    for (const endMs = performance.now() + ms; performance.now() < endMs; ) rounds++;
    return { rounds };
  },
};

export const computeInWorker = defineTool({ ...definition, name: 'compute_in_worker', worker: true, module: import.meta.url });

/** The same in the thread of the server: what a worker is for. */
export const computeHere = defineTool({ ...definition, name: 'compute_here' });
