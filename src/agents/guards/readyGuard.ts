import type { InputGuard, OutputGuard } from '../guard.ts';

/** A guard that can stand on either side: among `input` or among `output`. */
export type ReadyGuard = InputGuard & OutputGuard;

/** What every ready guard may be told. */
export interface ReadyGuardOptions extends Omit<ReadyGuard, 'name' | 'check' | 'close'> {
  /** Named in `guard.verdict`. Two of one kind in an agent need names of their own. */
  readonly name?: string | undefined;
}

/** Those of the options that the run loop reads. */
export function readySettings(
  { name, timeoutMs, onError, blocking, mode }: ReadyGuardOptions,
  defaults: Pick<ReadyGuard, 'name' | 'mode'>,
) {
  return { name: name ?? defaults.name, timeoutMs, onError, blocking, mode: mode ?? defaults.mode };
}
