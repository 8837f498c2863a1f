import type { ErrorInfo } from '../../protocol/errorCodes.ts';
import type { Json } from '../../protocol/json.ts';
import type { Principal } from '../../protocol/principal.ts';
import type { Tx } from '../groupCommit.ts';
import { newId } from '../ids.ts';
import { RANK, type RunRow } from '../runs.ts';
import { descendantsOf, rootOf } from './lineage.ts';

export interface SpawnPlan {
  readonly children: readonly { readonly agent: string; readonly task: string | null; readonly context: Json }[];
  /** Whose authority they have: never more than their parent's. */
  readonly principal: Principal;
  /** W3C trace context of what asks for them. Absent: that of their parent. */
  readonly traceparent?: string | undefined;
  readonly maxDepth: number;
  readonly maxChildRuns: number;
}

/** What keeps child runs from being made at this depth, beside so many under the same root. */
export function limitOfChildren(
  { children, maxDepth, maxChildRuns }: Pick<SpawnPlan, 'children' | 'maxDepth' | 'maxChildRuns'>,
  { depth, before }: { readonly depth: number; readonly before: number },
): 'maxDepth' | 'maxChildRuns' | undefined {
  if (depth > maxDepth) return 'maxDepth';
  return before + children.length > maxChildRuns ? 'maxChildRuns' : undefined;
}

/** Makes child runs, which wait for room. Or says why not: they would be too deep, or too many under one root. */
export function spawnChildren(
  tx: Tx,
  parent: RunRow,
  plan: SpawnPlan & { readonly callId: string | null },
): { readonly children: readonly RunRow[] } | { readonly error: ErrorInfo } {
  const { queries } = tx;
  const depth = parent.depth + 1;
  const before = descendantsOf(queries, rootOf(queries, parent)).length;
  const limit = limitOfChildren(plan, { depth, before });
  if (limit === 'maxDepth') {
    return {
      error: {
        code: 'DEPTH_LIMIT',
        message: `Agents may ask agents ${plan.maxDepth} levels deep, and not deeper. Answer by yourself.`,
        retryable: false,
      },
    };
  }
  if (limit === 'maxChildRuns') {
    return {
      error: {
        code: 'CALL_LIMIT',
        message: `One message may have ${plan.maxChildRuns} child runs, and has ${before}. Answer by yourself.`,
        retryable: false,
      },
    };
  }
  const children = plan.children.map(({ agent, task, context }) => {
    const id = newId('run');
    const key = queries.runs.insert({
      id,
      thread: parent.thread,
      parent: parent.key,
      parentCallId: plan.callId,
      depth,
      fresh: parent.fresh,
      agent,
      task,
      principal: plan.principal,
      rank: RANK.ordinary,
      cancelOnDisconnect: false,
      options: plan.callId === null ? parent.options : {},
      context,
      traceparent: plan.traceparent ?? parent.traceparent,
      firstSeq: tx.headOf(parent.thread) + 1,
      createdAt: tx.now,
    });
    const row = queries.runs.byKey(key);
    if (row === undefined) throw new Error(`run ${id} was not stored`);
    tx.append(parent.thread, key, {
      type: 'run.queued',
      runId: id,
      agent,
      place: 1,
      parentRunId: parent.id,
      ...(plan.callId !== null && { parentCallId: plan.callId }),
    });
    return row;
  });
  return { children };
}
