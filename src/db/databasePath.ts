import { accessSync, constants, lstatSync, realpathSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { networkDiskName } from './networkDisk.ts';
import { openError, readOnly } from './openError.ts';

export const MEMORY = ':memory:';

/** The path that `file:verbatim.db`, `file:///srv/verbatim.db` or a plain path names: absolute, symbolic links not followed yet; or `:memory:`. */
export function parseDatabasePath(database: string): string {
  if (database === MEMORY || database === `file:${MEMORY}`) return MEMORY;
  const path = database.startsWith('file://') ? fromUrl(database) : database.replace(/^file:/, '');
  if (path.trim() === '' || path.includes('\0')) {
    throw new VerbatimError(
      'DATABASE_UNUSABLE',
      `"${database}" names no database file. Give a path, such as file:verbatim.db, or :memory:.`,
    );
  }
  return resolve(path);
}

function fromUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    const text = `"${url}" is not a file on this machine. Give a path, such as file:verbatim.db or file:///srv/verbatim.db.`;
    throw new VerbatimError('DATABASE_UNUSABLE', text, { cause });
  }
}

/**
 * The one true path of a database file that is there, or that can be made: symbolic links followed, so that two names of a file get one
 * lock. Opens nothing: closing a file by hand would drop the locks that SQLite holds on it in this process.
 */
export function findDatabaseFile(
  path: string,
  access: { readonly write: boolean },
  diskType: (folder: string) => number = linuxDiskType,
): string {
  const file = realPath(path);
  const folder = dirname(file);
  const disk = networkDiskName(diskType(folder));
  if (disk !== undefined) {
    const text = `${file} is on a network disk (${disk}), where SQLite loses data. Put the database on a disk of this machine.`;
    throw new VerbatimError('DATABASE_NETWORK_DISK', text);
  }
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile()) {
    throw new VerbatimError(
      'DATABASE_UNUSABLE',
      `${file} is a ${stat.isDirectory() ? 'folder' : 'device or socket'}. Give the path of a file.`,
    );
  }
  if (access.write) {
    checkWritable(folder);
    if (stat !== undefined) checkWritable(file);
  } else if (stat === undefined) {
    throw new VerbatimError('DATABASE_UNUSABLE', `${file} does not exist. Check the path, or start the server once to make it.`);
  }
  return file;
}

function realPath(path: string): string {
  const folder = dirname(path);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new VerbatimError(
      'DATABASE_UNUSABLE',
      `The folder ${folder} of the database ${path} does not exist. Make it, or give another path.`,
    );
  }
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return join(realpathSync(folder), basename(path));
    return realpathSync(path);
  } catch (cause) {
    throw openError(path, cause);
  }
}

function checkWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (cause) {
    throw readOnly(path, cause);
  }
}

function linuxDiskType(folder: string): number {
  // Elsewhere the number is another list, or zero.
  return process.platform === 'linux' ? statfsSync(folder).type : 0;
}
