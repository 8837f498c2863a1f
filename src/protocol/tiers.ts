import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { type Principal, rolesOf } from './principal.ts';

/** The limits that a tier can set: all are of one principal. */
export const TIER_LIMITS = [
  'messagesPerMinute',
  'messagesPerHour',
  'commandsPerMinute',
  'commandsPerHour',
  'tokensPerDay',
  'costPerDay',
  'maxConnectionsPerPrincipal',
  'maxThreadsPerPrincipal',
  'maxRunsPerPrincipal',
  'maxFileBytesPerPrincipal',
  'maxFileTransfersPerPrincipal',
] as const satisfies readonly (keyof Limits)[];

export type TierLimits = { readonly [Name in (typeof TIER_LIMITS)[number]]?: number };

/** What differs from `limits`, by the tier of the principal. */
export type Tiers = { readonly [tier: string]: TierLimits };

/** Never less than `limits` says. */
export const DEFAULT_TIERS = { premium: { messagesPerMinute: 60, messagesPerHour: 1_000 } } as const satisfies Tiers;

/** What bounds whoever is calling. On a server where everybody is the same principal, on the same machine, nothing of it would mean anything. */
export const UNBOUNDED_CALLERS = {
  handshakesPerMinute: Number.POSITIVE_INFINITY,
  maxBodiesPerAddress: Number.POSITIVE_INFINITY,
  maxConnectionsPerAddress: Number.POSITIVE_INFINITY,
  maxConnectionsPerPrincipal: Number.POSITIVE_INFINITY,
  maxConnectionsPerTenant: Number.POSITIVE_INFINITY,
  messagesPerMinute: Number.POSITIVE_INFINITY,
  messagesPerHour: Number.POSITIVE_INFINITY,
  messagesPerMinutePerTenant: Number.POSITIVE_INFINITY,
  messagesPerHourPerTenant: Number.POSITIVE_INFINITY,
  commandsPerMinute: Number.POSITIVE_INFINITY,
  commandsPerHour: Number.POSITIVE_INFINITY,
  tokensPerDay: Number.POSITIVE_INFINITY,
  maxThreadsPerPrincipal: Number.POSITIVE_INFINITY,
  maxWaitsPerPrincipal: Number.POSITIVE_INFINITY,
} as const satisfies Partial<Limits>;

/** The limits that hold for a principal: those of its tier. */
export type LimitsOf = (principal: Principal) => Limits;

export function tierOf(principal: Principal): string {
  if (typeof principal.tier === 'string') return principal.tier;
  return rolesOf(principal).includes('premium') ? 'premium' : 'user';
}

/** A tier that nobody described has the limits of all. */
export function limitsByTier(limits: Limits, tiers: Tiers = {}): LimitsOf {
  const raised = Object.fromEntries(
    Object.entries(DEFAULT_TIERS.premium).map(([name, value]) => [name, Math.max(value, limits[name as keyof TierLimits])]),
  );
  const byTier = new Map<string, Limits>([['premium', { ...limits, ...raised }]]);
  for (const [tier, own] of Object.entries(tiers)) byTier.set(tier, { ...(byTier.get(tier) ?? limits), ...own });
  return (principal) => byTier.get(tierOf(principal)) ?? limits;
}

/** Of a store that nobody told otherwise. */
export function unboundedCallers(): LimitsOf {
  const limits: Limits = { ...DEFAULT_LIMITS, ...UNBOUNDED_CALLERS };
  return () => limits;
}
