import { VerbatimError } from '../protocol/verbatimError.ts';
import type { RouterAgent } from './agent.ts';
import { compileTranscript } from './compileTranscript.ts';
import { mayUseAgent } from './mayUse.ts';
import type { Drive, Driven } from './runWorker.ts';
import { withTimeout } from './withTimeout.ts';

/** Lets a router choose, and makes the choice a fact: the chosen agent goes on, also after a restart. */
export async function driveRouter(agent: RouterAgent, drive: Drive): Promise<Driven> {
  const { store, held, limits, registry, contexts } = drive;
  const transcript = await store.transcript(held);
  const messages = compileTranscript(transcript);
  const text = transcript.findLast((message) => message.role === 'user')?.text ?? '';
  const inputs = await contexts.of(agent);
  const user = { may: drive.may, principal: drive.run.principal };
  const usable = Object.entries(agent.agents).flatMap(([key, target]) =>
    mayUseAgent(user, registry.nameOf(target) ?? key, target) ? [key] : [],
  );
  if (usable.length === 0) throw new VerbatimError('NOT_ALLOWED', 'There is no agent here that you may use.');
  const timeoutMs = agent.stepTimeoutMs ?? limits.stepTimeoutMs;
  const chosen = await withTimeout(drive, { timeoutMs, code: 'STEP_TIMEOUT', what: 'Choosing an agent' }, (signal) =>
    agent.route({ ...inputs, text, messages, agents: usable, signal }),
  );
  const target = agent.agents[chosen.to];
  const to = target === undefined ? undefined : registry.nameOf(target);
  if (to === undefined) throw new VerbatimError('AGENT_CHANGED', `The agent ${chosen.to}, which the router chose, is not there.`);
  await store.route(held, { to, reason: chosen.reason, usage: chosen.usage });
  return { kind: 'switch' };
}
