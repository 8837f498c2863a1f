import type { Plan } from './plan.ts';
import { catchUp } from './plans/catchUp.ts';
import { send } from './plans/send.ts';
import { stream } from './plans/stream.ts';

/** In the order in which they run. */
export const PLANS: readonly Plan[] = [stream, catchUp, send];
