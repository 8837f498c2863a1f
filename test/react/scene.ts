import { type RenderHookResult, renderHook } from '@testing-library/react';
import { createElement, type ReactNode, StrictMode } from 'react';
import { vi } from 'vitest';
import { z } from 'zod';
import type { Client } from '../../src/client/index.ts';
import { defineAgent, defineTool, type InferApi } from '../../src/index.ts';
import { type MessageStorage, type UseThread, type UseThreadOptions, useThread, VerbatimProvider } from '../../src/react/index.ts';
import { createTestServer, type ScriptedStep, scriptedModel, type TestServer } from '../../src/testing/index.ts';
import { afterTest } from '../support/afterTest.ts';

const pay = defineTool({
  name: 'pay',
  description: 'Pays',
  input: z.object({ amount: z.number() }),
  output: z.object({ paid: z.number() }),
  needsApproval: true,
  execute: ({ amount }) => ({ paid: amount }),
});
const ask = defineTool({ name: 'ask', description: 'Asks', input: z.object({ what: z.string() }), output: z.object({ said: z.string() }) });

export const agentsWith = (steps: readonly ScriptedStep[]) => ({
  helper: defineAgent({ description: 'Helps', model: scriptedModel(steps), tools: [pay, ask] }),
});
export type Api = InferApi<ReturnType<typeof agentsWith>>;

/** A server whose one agent says these steps. */
export async function startServer(steps: readonly ScriptedStep[]): Promise<TestServer> {
  const server = await createTestServer({ agents: agentsWith(steps) });
  afterTest(() => server[Symbol.asyncDispose]());
  return server;
}

/** Patient: the machine may be busy. */
export const eventually = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 15_000 });

export interface ThreadScene {
  /** What is shown now. */
  readonly now: UseThread<Api>;
  /** What was shown so far, render by render. */
  readonly shown: readonly UseThread<Api>[];
  rerender(options: Partial<UseThreadOptions<Api>>): void;
  unmount(): void;
}

/** A component that shows a thread. */
export function showThread(
  client: Client<Api>,
  options: Partial<UseThreadOptions<Api>> = {},
  { strict = false, storage }: { readonly strict?: boolean; readonly storage?: MessageStorage } = {},
): ThreadScene {
  const shown: UseThread<Api>[] = [];
  const wrapper = ({ children }: { readonly children: ReactNode }): ReactNode => {
    const provided = createElement(VerbatimProvider<Api>, { client, storage }, children);
    return strict ? createElement(StrictMode, null, provided) : provided;
  };
  const show = (props: Partial<UseThreadOptions<Api>>): UseThread<Api> => {
    const thread = useThread<Api>({ agent: 'helper', ...props });
    shown.push(thread);
    return thread;
  };
  const {
    result,
    rerender,
    unmount,
  }: RenderHookResult<UseThread<Api>, Partial<UseThreadOptions<Api>>> = renderHook(show, {
    wrapper,
    initialProps: options,
  });
  return {
    get now() {
      return result.current;
    },
    shown,
    rerender,
    unmount,
  };
}

export const textsOf = ({ messages }: Pick<UseThread<Api>, 'messages'>): string[] => messages.map(({ role, text }) => `${role}: ${text}`);
