import type { FinishReason } from '../protocol/event.ts';
import type { Message } from '../protocol/message.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { ModelAgent } from './agent.ts';
import { type Answer, checkAnswer, repairNote } from './answer.ts';
import { callModel } from './callModel.ts';
import { CallsAtWork } from './callsAtWork.ts';
import { runAgent } from './runAgent.ts';
import type { Drive, Driven } from './runWorker.ts';
import { withTimeout } from './withTimeout.ts';

/** How often an answer may be asked for again because it did not fit the agent's `output`. */
const MAX_REPAIRS = 1;

/**
 * The loop of a model agent: a model call, the tools it asked for, and again, until it asks for none. Goes on from what the run has behind
 * it: what has finished is never asked again. `again` demands another step of a run whose answer is finished.
 */
export async function driveModelAgent(agent: ModelAgent, drive: Drive, { again }: { readonly again: boolean }): Promise<Driven> {
  const { store, held, limits, agentName, observer } = drive;
  const behind = await store.progress(held);
  const newest = behind.own.at(-1);
  const maxSteps = agent.maxSteps ?? limits.maxSteps;
  let bad = unfitAnswers(agent, behind.own);
  let note: string | undefined;
  // A crash hit between the answer and the end of the run.
  if (newest?.role === 'assistant' && newest.toolCalls.length === 0 && !again) {
    const answer = checkAnswer(agent, newest.text);
    if (answer.fits || bad > MAX_REPAIRS) return endWith(answer, newest.finish ?? 'incomplete', behind.steps < maxSteps);
    note = repairNote(answer);
  }
  // Looking costs a commit: a run that has called nothing yet has nothing to settle.
  if (behind.calls > 0) {
    const atWork = new CallsAtWork(drive, await runAgent(agent, drive));
    if ((await atWork.settle(behind.openCalls)) === 'waiting') return { kind: 'waiting' };
  }
  let calls = behind.calls;
  let hasSpoken = behind.steps > 0 || held.attempt > 1;
  const timeoutMs = agent.stepTimeoutMs ?? limits.stepTimeoutMs;
  for (let steps = behind.steps; steps < maxSteps; steps++) {
    observer.stepBegan(held.id, steps + 1);
    const inTime = { timeoutMs, code: 'STEP_TIMEOUT', what: 'A step of the run' } as const;
    const step = await observer.within({ kind: 'step', runId: held.id, agent: agentName, step: steps + 1 }, () =>
      withTimeout(drive, inTime, async (signal) => {
        const inStep: Drive = { ...drive, signal };
        // Its tools may be others at each step.
        const now = await runAgent(agent, inStep);
        const said = await callModel(now, inStep, { note, callsLeft: limits.maxToolCalls - calls, isFirst: !hasSpoken });
        calls += said.calls.length;
        hasSpoken ||= said.text !== '';
        if (said.calls.length === 0) return { kind: 'answer', ...said } as const;
        const settled = await new CallsAtWork(inStep, now).settle(said.calls);
        return { kind: settled } as const;
      }),
    );
    note = undefined;
    if (step.kind === 'waiting') return { kind: 'waiting' };
    if (step.kind === 'answer') {
      const answer = checkAnswer(agent, step.text);
      // Without a step left, what was steered in becomes a run of its own: the answer is there and must not fail for it.
      if (answer.fits || bad >= MAX_REPAIRS) return endWith(answer, step.finish, steps + 1 < maxSteps);
      bad++;
      note = repairNote(answer);
      continue;
    }
    const now = await store.read(held.key);
    const speaker = now?.currentAgent ?? now?.agent;
    if (speaker !== undefined && speaker !== agentName) return { kind: 'switch' };
  }
  throw new VerbatimError('STEP_LIMIT', `The run made ${maxSteps} model calls without coming to an end.`, {
    details: { limit: 'maxSteps', max: maxSteps },
  });
}

/** Answers of this run, to what was asked last, that did not fit. */
function unfitAnswers(agent: ModelAgent, own: readonly Message[]): number {
  const asked = own.findLastIndex((message) => message.role === 'user');
  return own
    .slice(asked + 1)
    .filter((message) => message.role === 'assistant' && message.toolCalls.length === 0)
    .filter((message) => !checkAnswer(agent, message.text).fits).length;
}

function endWith(answer: Answer, finish: FinishReason, mayContinue: boolean): Driven {
  if (!answer.fits) {
    throw new VerbatimError('OUTPUT_INVALID', `The answer is not what the agent is to give: ${answer.issues}`);
  }
  const outcome = finish === 'length' || finish === 'incomplete' ? 'partial' : 'complete';
  return { kind: 'end', end: { status: 'completed', outcome, ...(answer.output !== undefined && { output: answer.output }) }, mayContinue };
}
