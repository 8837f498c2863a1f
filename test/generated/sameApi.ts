import type { Api as Generated } from '@acme/agents';
import type { Api as Inferred } from './verbatim.config.js';

// What was generated is what the compiler infers from the code of the agents.
type Tool<T> = T extends { input: infer Input; output: infer Output; progress: infer Progress }
  ? { input: Input; output: Output; progress: Progress }
  : never;
type Agent<A> = A extends { tools: infer Tools; data: infer Data; context: infer Context }
  ? {
      tools: { [Name in keyof Tools]: Tool<Tools[Name]> };
      data: Data;
      context: Context;
      output: A extends { output: infer Output } ? Output : undefined;
    }
  : never;
type Both<Api> = { [Name in keyof Api]: Agent<Api[Name]> };

export const toInferred = (api: Both<Generated>): Both<Inferred> => api;
export const toGenerated = (api: Both<Inferred>): Both<Generated> => api;
