import type { Receipt } from '../../protocol/contract.ts';
import type { Context } from '../trpc.ts';

/** Sends a message within the caller's own trace: by what it gave with the message, else with the request, else with the connection. */
export async function observedSend(
  { ctx, agent, traceparent }: { readonly ctx: Context; readonly agent: string; readonly traceparent: string | undefined },
  send: (trace: { readonly traceparent: string | undefined }) => Promise<Receipt>,
): Promise<Receipt> {
  const { origin } = ctx;
  if (origin === undefined) return send({ traceparent: undefined });
  const { observer } = origin;
  return observer.within({ kind: 'send', agent, traceparent: traceparent ?? origin.traceparent }, async (span) => {
    const receipt = await send({ traceparent: observer.traceparent() });
    span.tell({ runId: receipt.runId, threadId: receipt.threadId, result: receipt.disposition });
    observer.sent(receipt.disposition);
    return receipt;
  });
}
