import type { Sqlite } from './sqlite.ts';

/** Whether another process has written to the file since it was last asked: it takes 5 us. */
export function outsideChanges(raw: Sqlite): () => boolean {
  const version = (): unknown => raw.pragma('data_version', { simple: true });
  let known = version();
  return () => {
    const before = known;
    known = version();
    return known !== before;
  };
}
