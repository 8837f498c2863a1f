import type { Usage } from '../protocol/event.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { ModelRequest } from './model.ts';
import { OutsideFailure } from './outsideFailure.ts';
import type { Drive } from './runWorker.ts';

/** One model call, as those who look on see it. */
export class ObservedCall {
  /** The model that answers. */
  model: string;
  hasSpoken = false;
  finish: string | undefined;
  usage: Usage | undefined;
  readonly #beganMs = performance.now();
  #firstMs: number | undefined;

  constructor(model: string) {
    this.model = model;
  }

  get ms(): number {
    return performance.now() - this.#beganMs;
  }

  /** How long until its first token. */
  get firstMs(): number | undefined {
    return this.#firstMs;
  }

  /** To be called at the first token. `isFirst`: nothing was said in its run before. */
  speaks({ observer, clock, run }: Drive, agent: string, isFirst: boolean): void {
    this.hasSpoken = true;
    this.#firstMs = this.ms;
    if (isFirst) observer.firstToken(agent, Math.max(0, clock.now() - run.createdAt));
  }
}

/** Makes a model call, and tells the observer how it went. Rejects as the call does. */
export function observeCall<Result>(
  drive: Drive,
  { agent, model, request }: { readonly agent: string; readonly model: string; readonly request: ModelRequest },
  perform: (call: ObservedCall) => Promise<Result>,
): Promise<Result> {
  const { observer, run, threadId } = drive;
  const call = new ObservedCall(model);
  return observer.within({ kind: 'model', runId: run.id, threadId, agent, model, ...request.options }, async (span) => {
    let code: string | undefined;
    try {
      return await perform(call);
    } catch (cause) {
      code = codeOf(cause);
      throw cause;
    } finally {
      span.tell({
        model: call.model,
        ...(call.finish !== undefined && { finish: call.finish }),
        ...(call.usage !== undefined && { usage: call.usage }),
      });
      observer.modelCalled({ model: call.model, ms: call.ms, firstMs: call.firstMs, code });
    }
  });
}

/** What a failure is called: never its words. */
export function codeOf(cause: unknown): string {
  if (cause instanceof OutsideFailure) return cause.info.code;
  return cause instanceof VerbatimError ? cause.code : 'INTERNAL';
}

/** What a model's failure may quote. */
export function contentOf(
  { instructions, messages }: ModelRequest,
  said: { readonly text: string; readonly reasoning: string },
): readonly string[] {
  return [instructions, said.text, said.reasoning, ...messages.flatMap((message) => textsIn({ ...message, attachments: undefined }))];
}

/** Every text in a value, however deep. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
