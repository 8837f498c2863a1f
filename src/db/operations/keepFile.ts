import { quotaFull } from '../../protocol/limitError.ts';
import { ownerOf } from '../../protocol/principal.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { fileTooLarge, type NewFile } from '../fileStore.ts';
import type { Tx } from '../groupCommit.ts';
import { assertMayCreate } from './access.ts';

/** Begins a file, unless it is known already that it does not fit. */
export function beginFile(tx: Tx, id: string, { of, name, type, size = 0, limits }: NewFile): { readonly key: number } {
  const { queries } = tx;
  if ('principal' in of) assertMayCreate(tx, of.principal, 'files');
  if (size > limits.maxFileBytes) throw fileTooLarge(limits.maxFileBytes);
  const thread = 'thread' in of ? of.thread : null;
  const owner = 'thread' in of ? queries.threads.byKey(of.thread)?.owner : ownerOf(of.principal);
  if (owner === undefined) throw new VerbatimError('NOT_FOUND', 'There is no such thread.');
  assertRoom(tx, owner, size, limits.maxFileBytesPerPrincipal);
  return { key: queries.files.insert({ id, owner, thread, name: name ?? null, type, createdAt: tx.now }) };
}

/** All bytes of a file are there. Looked at again: others of its owner may have come meanwhile. */
export function sealFile(
  tx: Tx,
  file: { readonly id: string; readonly key: number; readonly size: number; readonly sha256: string; readonly complete: boolean },
  maxOwnedBytes: number,
): void {
  const { queries } = tx;
  const owner = queries.files.byId(file.id)?.owner;
  if (owner === undefined) throw new VerbatimError('NOT_FOUND', 'There is no such file.');
  assertRoom(tx, owner, file.size, maxOwnedBytes);
  queries.files.seal(file.key, { size: file.size, sha256: file.sha256 });
  if (file.complete) queries.files.complete(file.id);
}

function assertRoom({ queries }: Tx, owner: string, size: number, max: number): void {
  if (queries.files.countedBytes(owner) + queries.files.counted(size) <= max) return;
  throw quotaFull(`All of your files together may have at most ${max} bytes. Delete some first.`, {
    limit: 'maxFileBytesPerPrincipal',
    max,
  });
}
