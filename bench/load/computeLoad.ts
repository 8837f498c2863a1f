import { createClient, type JsonApi } from 'verbatim-agents/client';
import { answerParent } from '../parentCalls.ts';

export interface ComputeOrder {
  readonly port: number;
  readonly agent: string;
  /** Of each call. */
  readonly ms: number;
  /** Users who ask at the same time, one call after the other. */
  readonly users: number;
}

let computed = 0;

const calls = {
  /** Answers when the first call is done: from then on there is always one under way for each user. */
  async keepComputing({ port, agent, ms, users }: ComputeOrder): Promise<void> {
    const firsts = Array.from({ length: users }, async (_, index) => {
      const client = createClient<JsonApi>({ url: `http://127.0.0.1:${port}`, token: () => `computer-${index}` });
      const ask = async (text: string): Promise<void> => {
        const run = await client.send({ agent, text });
        const { status, error } = await run.result();
        if (status !== 'completed') throw new Error(`a run that computes ended ${status}: ${error?.message}`);
        computed++;
      };
      // Starts the thread, where there is one, and loads the module.
      await ask(JSON.stringify({ ms: 1 }));
      void (async () => {
        for (;;) await ask(JSON.stringify({ ms }));
      })();
    });
    await Promise.all(firsts);
    computed = 0;
  },
  computed: () => computed,
};

export type ComputeLoadCalls = typeof calls;

answerParent(calls);
