import type { Json } from './json.ts';

/** Who is calling. `authenticate` makes it; tools get it; threads belong to its `id`. Any further claims are JSON and yours. */
export interface Principal {
  readonly id: string;
  readonly [claim: string]: Json | undefined;
}

/** Who everybody is when there is no `authenticate`: such a server listens on loopback only. */
export const LOCAL_PRINCIPAL: Principal = { id: 'local' };
