import { VerbatimError } from '../protocol/verbatimError.ts';
import { contextFor } from './callPlan.ts';
import type { Drive, Driven } from './runWorker.ts';

/**
 * A run that asks several agents at once: it has no model, waits for the runs of its agents, and is what became of them. One that failed
 * leaves the others; when all did, so has it.
 */
export async function driveFanOut(
  agents: readonly string[],
  { store, held, run, registry, limits, spawned, observer }: Drive,
): Promise<Driven> {
  const children = agents.flatMap((name) => {
    const agent = registry.get(name);
    return agent === undefined ? [] : [{ agent: name, task: null, context: contextFor(agent, run.context) }];
  });
  const { maxDepth, maxChildRuns } = limits;
  const traceparent = observer.traceparent();
  const step = await store.fanOut(held, { children, principal: run.principal, traceparent, maxDepth, maxChildRuns });
  if (step.kind === 'waiting') {
    spawned(step.queued);
    return { kind: 'waiting' };
  }
  const failed = step.children.filter((child) => child.status !== 'completed');
  if (failed.length === step.children.length) {
    const reasons = failed.map((child) => `${child.agent}: ${child.error?.message ?? child.status}`).join('; ');
    throw new VerbatimError('CHILD_FAILED', `None of the agents answered. ${reasons}`);
  }
  return {
    kind: 'end',
    end: { status: 'completed', outcome: failed.length > 0 ? 'partial' : 'complete', children: step.children },
    mayContinue: step.mayContinue,
  };
}
