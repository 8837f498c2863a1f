import type { Usage } from '../protocol/event.ts';

/** How much of it was counted by us, because a provider reported nothing: all, a part, or undefined for nothing. What used no tokens does not count. */
export function estimateText(usages: readonly Usage[]): 'estimated' | 'in part estimated' | undefined {
  const parts = usages
    .flatMap((usage) => (usage.models === undefined ? [usage] : Object.values(usage.models)))
    .filter(({ inputTokens, outputTokens }) => inputTokens + outputTokens > 0);
  if (!parts.some(({ estimated }) => estimated)) return undefined;
  return parts.every(({ estimated }) => estimated) ? 'estimated' : 'in part estimated';
}
