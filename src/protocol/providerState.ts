import type { Json } from './json.ts';

/** What a provider gave with an answer and wants back with it at the next step, such as encrypted reasoning. Opaque to all but its adapter. */
export interface ProviderState {
  /** The adapter that understands it; others leave it out. */
  readonly provider: string;
  readonly items: readonly Json[];
}
