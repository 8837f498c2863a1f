import type { Model } from '../model.ts';

/** What a model that wraps another says of itself: all that the other does, but for the calls. */
export function traitsOf(model: Model): Omit<Model, 'stream'> {
  const { name, structuredOutput, attachments } = model;
  return {
    name,
    ...(structuredOutput !== undefined && { structuredOutput }),
    ...(attachments !== undefined && { attachments }),
    close: async () => model.close?.(),
  };
}
