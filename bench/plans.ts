import type { Plan } from './plan.ts';
import { catchUp } from './plans/catchUp.ts';
import { compute } from './plans/compute.ts';
import { connect } from './plans/connect.ts';
import { dense } from './plans/dense.ts';
import { fanOut } from './plans/fanOut.ts';
import { flatOut } from './plans/flatOut.ts';
import { growth } from './plans/growth.ts';
import { react } from './plans/react.ts';
import { retention } from './plans/retention.ts';
import { sdk } from './plans/sdk.ts';
import { send } from './plans/send.ts';
import { slow } from './plans/slow.ts';
import { soak } from './plans/soak.ts';
import { stream } from './plans/stream.ts';
import { trust } from './plans/trust.ts';

/** In the order in which they run. */
export const PLANS: readonly Plan[] = [
  stream,
  dense,
  flatOut,
  connect,
  fanOut,
  catchUp,
  send,
  growth,
  retention,
  slow,
  compute,
  trust,
  soak,
  sdk,
  react,
];
