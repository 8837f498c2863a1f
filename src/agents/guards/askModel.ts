import type { Usage } from '../../protocol/event.ts';
import { ownerOf } from '../../protocol/principal.ts';
import { usageOfModel } from '../../protocol/usage.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { estimateUsage } from '../estimateUsage.ts';
import type { GuardInput } from '../guard.ts';
import type { Model, ModelRequest } from '../model.ts';

/** A verdict is a word; a model that goes on is cut here, in UTF-16 units. */
const MAX_ANSWER = 4_096;

/** Asks a model one question, as part of the guarded run. Throws what the model throws, and for an answer without end. */
export async function askModel(
  model: Model,
  request: Pick<ModelRequest, 'instructions' | 'output'> & { readonly text: string },
  { signal, principal, threadId, runId }: GuardInput,
): Promise<{ readonly text: string; readonly usage: Usage }> {
  const { instructions, output, text } = request;
  const asked: ModelRequest = {
    instructions,
    messages: [{ role: 'user', text }],
    tools: [],
    options: { temperature: 0 },
    ...(output !== undefined && { output }),
  };
  const said = { text: '', reasoning: '' };
  for await (const chunk of model.stream(asked, { signal, caller: { principalId: ownerOf(principal), threadId, runId } })) {
    signal.throwIfAborted();
    if (chunk.type === 'finish') return { text: said.text, usage: usageOfModel(model.name, chunk.usage ?? estimateUsage(asked, said)) };
    if (chunk.type === 'text') said.text += chunk.delta;
    if (said.text.length > MAX_ANSWER) break;
  }
  throw new VerbatimError('MODEL_BAD_RESPONSE', `The guard model ${model.name} did not come to an end.`);
}
