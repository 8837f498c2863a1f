import type { Plan } from './plan.ts';
import { catchUp } from './plans/catchUp.ts';
import { growth } from './plans/growth.ts';
import { sdk } from './plans/sdk.ts';
import { send } from './plans/send.ts';
import { slow } from './plans/slow.ts';
import { soak } from './plans/soak.ts';
import { stream } from './plans/stream.ts';

/** In the order in which they run. */
export const PLANS: readonly Plan[] = [stream, catchUp, send, growth, slow, soak, sdk];
