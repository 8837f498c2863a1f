import type { Plan } from './plan.ts';
import { connect } from './plans/connect.ts';
import { dense } from './plans/dense.ts';
import { fanOut } from './plans/fanOut.ts';
import { flatOut } from './plans/flatOut.ts';
import { stream } from './plans/stream.ts';

/** In the order in which they run. */
export const PLANS: readonly Plan[] = [stream, dense, flatOut, connect, fanOut];
