import type { Model } from '../model.ts';

/** A model that makes its calls in a way of its own and is otherwise as `model`, which may learn what it can do while it is used. */
export function wrappedModel(model: Model, stream: Model['stream']): Model {
  return {
    name: model.name,
    get standIns() {
      return model.standIns ?? [];
    },
    get structuredOutput() {
      return model.structuredOutput ?? false;
    },
    get attachments() {
      return model.attachments ?? [];
    },
    get endpoints() {
      return model.endpoints ?? [];
    },
    stream,
    close: async () => model.close?.(),
  };
}
