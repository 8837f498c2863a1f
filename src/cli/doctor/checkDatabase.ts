import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { findDatabaseFile, MEMORY, parseDatabasePath } from '../../db/databasePath.ts';
import { peekDatabase } from '../../db/peekDatabase.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { type Finding, ok, problem, problemOfError, warning } from './finding.ts';

export interface DatabaseFindings {
  readonly findings: readonly Finding[];
  /** A server has it open. */
  readonly isRunning: boolean;
  /** Epoch milliseconds of the newest entry; undefined where there is none. */
  readonly newestAt: number | undefined;
}

/** What a disk says of itself. */
export interface DiskFacts {
  /** The type number of statfs. */
  readonly type: number;
  readonly freeBytes: number;
}

const MIB = 1024 * 1024;
/** A write-ahead log may grow to 64 MB, and a disk that is full stops everything. */
const LEAST_FREE_BYTES = 256 * MIB;
const LITTLE_FREE_BYTES = 1024 * MIB;
const LARGE_WAL_BYTES = 512 * MIB;
/** Disks that do not outlive what they are in, by their type in statfs of Linux. */
const PASSING_DISKS: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'in memory (tmpfs), and gone when the machine restarts'],
  [0x794c7630, "in a container's own layer (overlayfs), and gone with the container"],
]);

/** Looks at the file of the database, its folder and its disk, beside a server that runs or without one. Changes nothing. */
export function checkDatabase(name: string, disk: (folder: string) => DiskFacts = diskFacts): DatabaseFindings {
  const none = { isRunning: false, newestAt: undefined };
  let path: string;
  try {
    path = parseDatabasePath(name);
    if (path === MEMORY) {
      return {
        ...none,
        findings: [warning('database', 'It is in memory, and ends with the process.', 'Name a file: VERBATIM_DATABASE, --db.')],
      };
    }
    path = findDatabaseFile(path, { write: true }, (folder) => disk(folder).type);
  } catch (cause) {
    return { ...none, findings: [problemOfError(areaOf(cause), cause)] };
  }
  const folder = dirname(path);
  const findings = [checkDisk(folder, disk(folder)), ok('permissions', `${path} can be written by this user`)];
  const size = sizeOf(path) + sizeOf(`${path}-wal`);
  findings.push(checkRoom(folder, disk(folder).freeBytes, size));
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    return { ...none, findings: [...findings, ok('database', `${path} is not there yet, and is made at the first start`)] };
  }
  findings.push(...checkReaders(path));
  try {
    const { isRunning, newestAt, migrations } = peekDatabase(path);
    const state = isRunning ? 'a server is running on it' : 'no server is running on it';
    findings.push(ok('database', `${path}, ${megabytes(size)}, ${state}`));
    if (migrations.pending > 0) {
      findings.push(
        warning(
          'database',
          `It is of an older version: ${migrations.pending} of ${migrations.known} migrations are to come.`,
          'The next start makes them, after a copy beside the file.',
        ),
      );
    }
    if (sizeOf(`${path}-wal`) > LARGE_WAL_BYTES) {
      const text = `Its write-ahead log has ${megabytes(sizeOf(`${path}-wal`))}: it is not moved into the file.`;
      findings.push(warning('database', text, 'Another program may keep it open for reading: end that one.'));
    }
    return { findings, isRunning, newestAt };
  } catch (cause) {
    return { ...none, findings: [...findings, problemOfError('database', cause)] };
  }
}

function checkDisk(folder: string, { type }: DiskFacts): Finding {
  const passing = PASSING_DISKS.get(type >>> 0);
  if (passing === undefined) return ok('disk', `${folder} is on a disk of this machine`);
  return warning('disk', `${folder} is ${passing}.`, 'Put the database on a disk, or on a volume.');
}

/** A backup and an upgrade each make a copy beside what there is. */
function checkRoom(folder: string, freeBytes: number, size: number): Finding {
  const said = `${megabytes(freeBytes)} are free on the disk of ${folder}`;
  const remedy = 'Make room, or put the database on a larger disk. When it is full, nothing new is taken.';
  if (freeBytes < LEAST_FREE_BYTES) return problem('space', `${said}.`, remedy);
  if (freeBytes < LITTLE_FREE_BYTES) return warning('space', `${said}.`, remedy);
  if (freeBytes < size * 2) return warning('space', `${said}, and the database has ${megabytes(size)}: a copy of it needs room.`, remedy);
  return ok('space', said);
}

/** Everything that was ever said is in it. A folder that others cannot enter protects it too. */
function checkReaders(path: string): readonly Finding[] {
  if (process.platform === 'win32' || (statSync(path).mode & 0o004) === 0) return [];
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return [];
  }
  const remedy = `chmod o-rwx ${path}*, and start the server with a umask of 0077 (\`UMask=0077\` of systemd).`;
  return [warning('permissions', `Every user of this machine can read ${path}.`, remedy)];
}

function areaOf(cause: unknown): string {
  if (!(cause instanceof VerbatimError)) return 'database';
  if (cause.code === 'DATABASE_NETWORK_DISK') return 'disk';
  return cause.code === 'DATABASE_READ_ONLY' ? 'permissions' : 'database';
}

function diskFacts(folder: string): DiskFacts {
  const { type, bavail, bsize } = statfsSync(folder);
  // Elsewhere the number is another list, or zero.
  return { type: process.platform === 'linux' ? type : 0, freeBytes: bavail * bsize };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function megabytes(bytes: number): string {
  return bytes < 10 * MIB ? `${(bytes / MIB).toFixed(1)} MB` : `${Math.round(bytes / MIB).toLocaleString('en')} MB`;
}
