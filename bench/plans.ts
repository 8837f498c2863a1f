import type { Plan } from './plan.ts';
import { stream } from './plans/stream.ts';

/** In the order in which they run. */
export const PLANS: readonly Plan[] = [stream];
