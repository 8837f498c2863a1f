import { statSync } from 'node:fs';

/**
 * Tells a file from a copy that took its place: its inode and when that was made, as `inode` or `inode@birth`. The birth is left out where
 * the disk does not know it (Node then reports the time of the last change).
 */
export function fileIdentity(file: string): string {
  const { ino, birthtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return birthtimeNs === 0n || birthtimeNs === ctimeNs ? String(ino) : `${ino}@${birthtimeNs}`;
}

export function isSameFile(a: string, b: string): boolean {
  const [inodeA, birthA] = a.split('@');
  const [inodeB, birthB] = b.split('@');
  return inodeA === inodeB && (birthA === undefined || birthB === undefined || birthA === birthB);
}
