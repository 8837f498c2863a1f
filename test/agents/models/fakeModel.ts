import type { Model, ModelCallOptions, ModelChunk, ModelRequest } from '../../../src/agents/model.ts';
import { VerbatimError } from '../../../src/protocol/verbatimError.ts';

export const FINISH: ModelChunk = { type: 'finish', finish: 'stop', toolCalls: [], usage: { inputTokens: 10, outputTokens: 5 } };
export const text = (delta: string): ModelChunk => ({ type: 'text', delta });
export const down = (message = 'The model is not available.'): VerbatimError => new VerbatimError('MODEL_UNAVAILABLE', message);

export interface FakeCall {
  readonly request: ModelRequest;
  readonly options: ModelCallOptions;
  /** Counts from 1. */
  readonly number: number;
}

type Say = (call: FakeCall) => AsyncIterable<ModelChunk> | Iterable<ModelChunk>;

export interface FakeModel extends Model {
  readonly calls: readonly FakeCall[];
  readonly closed: number;
  /** Streams that have begun and not ended. */
  readonly open: number;
}

/** A model that does what a function of the call does. */
export function fakeModel(say: Say, traits: Partial<Pick<Model, 'name' | 'structuredOutput' | 'attachments'>> = {}): FakeModel {
  const calls: FakeCall[] = [];
  let closed = 0;
  let open = 0;
  return {
    name: 'fake',
    ...traits,
    calls,
    get closed() {
      return closed;
    },
    get open() {
      return open;
    },
    async *stream(request, options) {
      const call = { request, options, number: calls.length + 1 };
      calls.push(call);
      open++;
      try {
        yield* say(call);
      } finally {
        open--;
      }
    },
    async close() {
      closed++;
    },
  };
}

/** Says its text and ends. */
export const answers = (said = 'Hello'): Say =>
  function* () {
    yield text(said);
    yield FINISH;
  };

/** Waits until the call is aborted, and then throws its reason, as a model that listens does. */
export const silence = ({ options: { signal } }: FakeCall): Promise<never> =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
