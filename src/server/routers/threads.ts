import { hashToken } from '../../db/loginTokens.ts';
import { newLinkSecret } from '../auth/guests.ts';
import { openPresence } from '../live/openLive.ts';
import type { Services } from '../services.ts';
import { keepsOnlyParsed, procedure, reading, router } from '../trpc.ts';
import { openWatch } from '../watch.ts';
import { commandOf } from './command.ts';

/** Rows of a page when a call does not say. */
export const DEFAULT_PAGE_SIZE = 50;

export function threadsRouter(services: Services) {
  const { authenticator, callers, store, inputs, limits, scheduler, retention } = services;
  const pageSize = (limit: number | undefined): number => limit ?? Math.min(DEFAULT_PAGE_SIZE, limits.maxPageSize);
  const lookAtReaders = async (threadId: string): Promise<void> => {
    const thread = await store.threads.keyById(threadId);
    if (thread !== undefined) callers.lookAgain({ thread });
  };
  return router({
    create: procedure.input(inputs.threadCreate).mutation(({ ctx, input }) => {
      retention.assertRoom();
      return store.threads.create({
        command: commandOf('threads.create', input, { principal: ctx.principal, limits }),
        title: input.title ?? null,
        metadata: input.metadata ?? null,
        messages: input.messages ?? [],
      });
    }),
    get: reading.input(inputs.thread).query(({ ctx, input }) => store.threads.get(ctx.principal, input.threadId)),
    list: reading
      .input(inputs.threadList)
      .query(({ ctx, input }) =>
        store.threads.list(ctx.principal, { ...input, limit: pageSize(input.limit), maxBytes: limits.maxPageBytes }),
      ),
    update: procedure
      .input(inputs.threadUpdate)
      .mutation(({ ctx, input }) =>
        store.threads.update(commandOf('threads.update', input, { principal: ctx.principal, limits }), input.threadId, input),
      ),
    delete: procedure.input(inputs.threadCommand).mutation(async ({ ctx, input }) => {
      const thread = await store.threads.keyById(input.threadId);
      const deleted = await store.threads.delete(
        commandOf('threads.delete', input, { principal: ctx.principal, caller: ctx.caller, limits }),
        input.threadId,
      );
      scheduler.forget(deleted.open);
      if (thread !== undefined) callers.lookAgain({ thread });
      callers.lookAgain('guests');
      return { threadId: deleted.threadId };
    }),
    messages: reading.input(inputs.threadMessages).query(({ ctx, input }) =>
      store.threads.messages(ctx.principal, input.threadId, {
        limit: pageSize(input.limit),
        pageToken: input.pageToken,
        maxBytes: limits.maxPageBytes,
      }),
    ),
    fork: procedure.input(inputs.threadFork).mutation(({ ctx, input }) => {
      retention.assertRoom();
      return store.threads.fork({
        command: commandOf('threads.fork', input, { principal: ctx.principal, limits }),
        threadId: input.threadId,
        atSeq: input.atSeq,
        title: input.title,
      });
    }),
    presence: procedure
      .input(inputs.threadPresence)
      .use(keepsOnlyParsed)
      .subscription(async ({ ctx, input }) => {
        const lookUp = (): Promise<number> => store.threads.keyOf(ctx.principal, input.threadId);
        return openPresence(services, { thread: await lookUp(), context: ctx, lookAgain: lookUp });
      }),
    watch: procedure
      .input(inputs.threadWatch)
      .use(keepsOnlyParsed)
      .subscription(async ({ ctx, input }) => {
        const lookUp = (): Promise<number> => store.threads.keyOf(ctx.principal, input.threadId);
        return openWatch(services, {
          thread: await lookUp(),
          run: undefined,
          lastEventId: input.lastEventId,
          mode: input.mode,
          include: input.include,
          snapshot: input.snapshot ?? false,
          present: input.present,
          context: ctx,
          lookAgain: lookUp,
        });
      }),
    share: procedure.input(inputs.threadShare).mutation(async ({ ctx, input }) => {
      const { threadId, access, expiresInMs, with: principalId } = input;
      const command = commandOf('threads.share', input, { principal: ctx.principal, caller: ctx.caller, limits });
      const shared = { command, threadId, access, expiresInMs, maxShares: limits.maxSharesPerThread };
      if (principalId === undefined) {
        const { secret, secretHash } = newLinkSecret();
        return { ...(await store.shares.share({ ...shared, to: { secretHash } })), secret };
      }
      const share = await authenticator.namesTried.by(ctx.principal, () =>
        store.shares.share({ ...shared, to: { principalId, known: authenticator.known } }),
      );
      // It may allow less than it did.
      await lookAtReaders(threadId);
      return share;
    }),
    unshare: procedure.input(inputs.threadUnshare).mutation(async ({ ctx, input }) => {
      const gone = await store.shares.unshare(
        commandOf('threads.unshare', input, { principal: ctx.principal, caller: ctx.caller, limits }),
        input,
      );
      await lookAtReaders(input.threadId);
      // Who came by it, whatever they are at.
      callers.lookAgain({ credentialId: gone.shareId });
      return gone;
    }),
    shares: reading.input(inputs.thread).query(({ ctx, input }) => store.shares.list(ctx.principal, input.threadId)),
    claimShare: procedure.input(inputs.shareSecret).mutation(({ ctx, input }) =>
      store.shares.claim({
        command: commandOf('threads.claimShare', input, { principal: ctx.principal, caller: ctx.caller, limits }),
        secretHash: hashToken(input.secret),
        maxShares: limits.maxSharesPerThread,
      }),
    ),
  });
}
