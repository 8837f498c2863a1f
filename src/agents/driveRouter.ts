import { VerbatimError } from '../protocol/verbatimError.ts';
import type { RouterAgent } from './agent.ts';
import { compileTranscript } from './compileTranscript.ts';
import type { Drive, Driven } from './runWorker.ts';
import { withTimeout } from './withTimeout.ts';

/** Lets a router choose, and makes the choice a fact: the chosen agent goes on, also after a restart. */
export async function driveRouter(agent: RouterAgent, drive: Drive): Promise<Driven> {
  const { store, held, limits, registry, contexts } = drive;
  const { transcript } = await store.progress(held);
  const messages = compileTranscript(transcript);
  const text = transcript.findLast((message) => message.role === 'user')?.text ?? '';
  const inputs = await contexts.of(agent);
  const timeoutMs = agent.stepTimeoutMs ?? limits.stepTimeoutMs;
  const chosen = await withTimeout(drive, { timeoutMs, code: 'STEP_TIMEOUT', what: 'Choosing an agent' }, (signal) =>
    agent.route({ ...inputs, text, messages, signal }),
  );
  const target = agent.agents[chosen.to];
  const to = target === undefined ? undefined : registry.nameOf(target);
  if (to === undefined) throw new VerbatimError('AGENT_CHANGED', `The agent ${chosen.to}, which the router chose, is not there.`);
  await store.route(held, { to, reason: chosen.reason, usage: chosen.usage });
  return { kind: 'switch' };
}
