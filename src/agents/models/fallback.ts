import { type Clock, systemClock } from '../../protocol/clock.ts';
import type { VerbatimError } from '../../protocol/verbatimError.ts';
import type { Model } from '../model.ts';
import { asModelFailure } from './resilience.ts';

const DEFAULT_REST_MS = 60_000;

export interface FallbackOptions {
  /** How long a model that failed is asked only after the others. Default a minute; 0: each call begins with the first model. */
  readonly restMs?: number;
  /** For tests: time to be moved by hand. */
  readonly clock?: Clock;
}

/**
 * Models that stand in for one another, the best first. A call goes to the next one when one fails before the first chunk of its answer
 * (`switched` says so), and fails when the last one does, or when an answer breaks off. A model that failed rests for a while: later calls, of
 * all runs, begin with the others. One that did not accept a request does not rest, since the next request is another. One that refused a
 * conversation has answered: nobody else is asked. By name it is its first model; `close` closes them all.
 */
export function fallback(models: readonly [Model, Model, ...Model[]], options: FallbackOptions = {}): Model {
  const { restMs = DEFAULT_REST_MS, clock = systemClock } = options;
  const [best] = models;
  const failed = new Map<Model, { readonly at: number; readonly why: string }>();
  const rests = (model: Model): boolean => {
    const failure = failed.get(model);
    if (failure === undefined) return false;
    const passedMs = clock.now() - failure.at;
    // A clock that was set back must not lengthen it.
    return passedMs >= 0 && passedMs < restMs;
  };

  return {
    name: best.name,
    standIns: models.flatMap(({ name, standIns = [] }) => [name, ...standIns]).slice(1),
    // Asked each time: a model may learn what it can do while it is used.
    get structuredOutput() {
      return models.every((model) => model.structuredOutput === true);
    },
    get attachments() {
      return models.map((model) => model.attachments ?? []).reduce(commonTypes);
    },
    get endpoints() {
      return models.flatMap((model) => model.endpoints ?? []);
    },
    async *stream(request, callOptions) {
      const order = [...models.filter((model) => !rests(model)), ...models.filter(rests)];
      let speaker = best.name;
      let why = failed.get(best)?.why ?? '';
      for (const model of order) {
        if (model !== best || speaker !== best.name) yield { type: 'switched', from: speaker, to: model.name, reason: why };
        speaker = model.name;
        let begun = false;
        try {
          for await (const chunk of model.stream(request, callOptions)) {
            if (chunk.type === 'switched') speaker = chunk.to;
            else begun = true;
            yield chunk;
          }
          return;
        } catch (cause) {
          callOptions.signal.throwIfAborted();
          const failure = asModelFailure(cause);
          if (isOwn(failure)) failed.set(model, { at: clock.now(), why: failure.message });
          if (begun || failure.code === 'MODEL_REFUSED' || model === order.at(-1)) throw failure;
          why = failure.message;
        }
      }
    },
    async close() {
      await Promise.all(models.map((model) => model.close?.()));
    },
  };
}

/** The model's doing, and not the request's. */
function isOwn({ code }: VerbatimError): boolean {
  return code !== 'MODEL_BAD_REQUEST' && code !== 'MODEL_REFUSED';
}

/** Media types that both lists cover, such as `image/png` where one has that and the other has `image/*`. */
function commonTypes(a: readonly string[], b: readonly string[]): readonly string[] {
  const covers = (list: readonly string[], type: string): boolean =>
    list.some((other) => other === type || other === '*/*' || (other.endsWith('/*') && type.startsWith(other.slice(0, -1))));
  return [...new Set([...a.filter((type) => covers(b, type)), ...b.filter((type) => covers(a, type))])];
}
