import { ownerOf } from '../../protocol/principal.ts';
import type { RunInfo } from '../../protocol/procedures.ts';
import type { SentStep } from '../../protocol/runStep.ts';
import { acceptInputOf } from '../acceptInput.ts';
import { shuttingDown } from '../scheduler.ts';
import type { Services } from '../services.ts';
import { observedSend } from '../telemetry/observedSend.ts';
import { type Context, keepsOnlyParsed, procedure, reading, router, waiting } from '../trpc.ts';
import { openWatch } from '../watch.ts';
import { commandOf } from './command.ts';
import { DEFAULT_PAGE_SIZE } from './threads.ts';

export function runsRouter(services: Services) {
  const { store, inputs, limits, registry, scheduler } = services;
  return router({
    get: reading.input(inputs.run).query(async ({ ctx, input }) => (await store.runs.get(ctx.principal, input.runId)).info),
    list: reading.input(inputs.runList).query(({ ctx, input }) =>
      store.runs.list(ctx.principal, {
        ...input,
        limit: input.limit ?? Math.min(DEFAULT_PAGE_SIZE, limits.maxPageSize),
        maxBytes: limits.maxPageBytes,
      }),
    ),
    steps: reading.input(inputs.runSteps).query(({ ctx, input }) =>
      store.runs.steps(ctx.principal, {
        ...input,
        limit: input.limit ?? Math.min(DEFAULT_PAGE_SIZE, limits.maxPageSize),
        maxBytes: limits.maxPageBytes,
      }),
    ),
    sent: reading.input(inputs.runSent).query(async ({ ctx, input }): Promise<SentStep> => {
      const step = await store.runs.sent(ctx.principal, { ...input, maxBytes: limits.maxPageBytes });
      const agent = step.agent === undefined ? undefined : registry.get(step.agent);
      return { ...step, ...(agent?.kind === 'model' && agent.history !== 'all' && { shortened: true }) };
    }),
    cancel: procedure
      .input(inputs.runCommand)
      .mutation(({ ctx, input }) =>
        scheduler.cancel(commandOf('runs.cancel', input, { principal: ctx.principal, caller: ctx.caller, limits }), input.runId),
      ),
    retry: procedure.input(inputs.runRetry).mutation(async ({ ctx, input: { traceparent, ...input } }) => {
      const { principal } = ctx;
      const run = await store.runs.sentRun(principal, input.runId);
      const asked = acceptInputOf(services, {
        principal,
        command: commandOf('runs.retry', input, { principal, limits }),
        to: run.agents ?? run.agent,
        // What is sent again is the message of the run.
        text: '',
        onDisconnect: run.cancelOnDisconnect ? 'cancel' : 'continue',
        options: run.options,
        budget: run.budget ?? undefined,
        // Another's context is nothing that its readers may act with.
        context: ownerOf(run.principal) === ownerOf(principal) ? (run.context ?? undefined) : undefined,
      });
      return observedSend({ ctx, agent: asked.agent, traceparent }, (trace) =>
        scheduler.send({ ...asked, ...trace }, (whole) => store.runs.retry(whole, input.runId)),
      );
    }),
    wait: waiting
      .input(inputs.runWait)
      .use(keepsOnlyParsed)
      .query(async ({ ctx, input, signal }) => {
        const leave = services.waits.enter(ctx.principal);
        try {
          return await waitForRun(services, { context: ctx, runId: input.runId, timeoutMs: input.timeoutMs ?? 30_000, signal });
        } finally {
          leave();
        }
      }),
    watch: procedure
      .input(inputs.runWatch)
      .use(keepsOnlyParsed)
      .subscription(async ({ ctx, input }) => {
        const { key, thread, info, lastSeq } = await store.runs.get(ctx.principal, input.runId);
        return openWatch(services, {
          thread,
          run: { key, id: input.runId, firstSeq: info.firstSeq, lastSeq },
          lastEventId: input.lastEventId,
          mode: input.mode,
          include: input.include,
          snapshot: false,
          context: ctx,
          lookAgain: () => store.runs.get(ctx.principal, input.runId),
        });
      }),
  });
}

/** Answers when the run has ended or the time is up, and says how it stands then. */
async function waitForRun(
  { store, runEnds, clock, closing }: Services,
  opts: { readonly context: Context; readonly runId: string; readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<RunInfo> {
  const { context, runId, signal } = opts;
  const { key, thread, info } = await store.runs.get(context.principal, runId);
  if (info.endedAt !== undefined) return info;
  const lookUp = async () => store.runs.get(context.principal, runId);
  return new Promise((resolve, reject) => {
    let looking = false;
    const stop = (): void => {
      release?.();
      unlisten();
      stopTimer();
      signal?.removeEventListener('abort', giveUp);
      closing.removeEventListener('abort', onClosing);
    };
    const look = (last: boolean): void => {
      if (looking && !last) return;
      looking = true;
      lookUp().then(
        (now) => {
          looking = false;
          if (now.info.endedAt === undefined && !last) return;
          stop();
          resolve(now.info);
        },
        (error) => {
          stop();
          reject(error);
        },
      );
    };
    const giveUp = (): void => look(true);
    const onClosing = (): void => {
      stop();
      reject(shuttingDown());
    };
    const release = context.caller?.hold({
      thread,
      lookAgain: async () => void (await lookUp()),
      fail: (error) => {
        stop();
        reject(error);
      },
    });
    const unlisten = runEnds.listen({ key, thread }, () => look(false));
    const stopTimer = clock.after(opts.timeoutMs, giveUp);
    signal?.addEventListener('abort', giveUp, { once: true });
    closing.addEventListener('abort', onClosing, { once: true });
    look(false);
  });
}
