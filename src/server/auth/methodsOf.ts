import type { ServerOptions } from '../serverOptions.ts';
import type { AuthMethod } from './authMethod.ts';
import { custom } from './custom.ts';

/** Undefined when nobody is asked who they are. */
export function methodsOf({ auth, authenticate }: ServerOptions): readonly AuthMethod[] | undefined {
  return auth ?? (authenticate === undefined ? undefined : [custom(authenticate)]);
}
