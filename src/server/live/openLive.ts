import type { Services } from '../services.ts';
import { takeSubscription } from '../takeSubscription.ts';
import type { Context } from '../trpc.ts';
import { Watch } from '../watch.ts';
import { LiveFeed } from './liveFeed.ts';
import { MAX_WAITING_NOTICES } from './notices.ts';

/** What is told to the caller from now on. */
export function openNotices({ notices, limits, store }: Services, context: Context): Watch {
  const feed = openFeed({ context, maxWaiting: MAX_WAITING_NOTICES, limits }, () => leave());
  const leave = notices.add(feed, context.caller);
  return new Watch(feed, context.connection, store.log.epoch);
}

/** Who reads a thread: at once, and whenever that changes. A reader that does not keep up gets the newest. */
export function openPresence(
  { presence, limits, store }: Services,
  { thread, context, lookAgain }: { readonly thread: number; readonly context: Context; readonly lookAgain: () => Promise<unknown> },
): Watch {
  const feed = openFeed({ context, maxWaiting: 1, limits, thread, lookAgain }, () => leave());
  const tell = (): void => feed.push({ readers: presence.of(thread) });
  const leave = presence.listen(thread, tell);
  tell();
  return new Watch(feed, context.connection, store.log.epoch);
}

/** How the server does: at once, and every second. A reader that does not keep up gets the newest. */
export function openMetrics({ sampler, limits, store }: Services, context: Context, lookAgain: () => Promise<void>): Watch {
  const feed = openFeed({ context, maxWaiting: 1, limits, lookAgain }, () => leave());
  const leave = sampler.watch((sample) => feed.push(sample));
  return new Watch(feed, context.connection, store.log.epoch);
}

function openFeed(
  opts: Pick<Services, 'limits'> & {
    readonly context: Context;
    readonly maxWaiting: number;
    /** Absent: of none. */
    readonly thread?: number;
    readonly lookAgain?: () => Promise<unknown>;
  },
  onEnd: () => void,
): LiveFeed {
  const { context, maxWaiting, limits, thread, lookAgain } = opts;
  const giveBack = takeSubscription(context.connection, limits);
  const feed: LiveFeed = new LiveFeed({
    maxWaiting,
    onEnd: () => {
      giveBack();
      release?.();
      onEnd();
    },
  });
  const release = context.caller?.hold({
    ...(thread !== undefined && { thread }),
    ...(lookAgain !== undefined && { lookAgain: async () => void (await lookAgain()) }),
    fail: (error) => feed.fail(error),
  });
  return feed;
}
