import { prepareAudit } from '../db/audit.ts';
import { backupDatabase } from '../db/backup.ts';
import type { BackupContents } from '../db/checkBackup.ts';
import { drizzleOver } from '../db/drizzle.ts';
import { openForCommand } from '../db/openDatabase.ts';
import { appendAudit } from '../db/operations/appendAudit.ts';
import { restoreDatabase } from '../db/restore.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { write } from './writeOut.ts';

interface Flags {
  readonly db: string;
  readonly json?: true;
}

export async function backup(target: string, { db, json }: Flags): Promise<void> {
  const contents = backupDatabase(db, target);
  await noteBackup(db, contents);
  if (json) return write(`${JSON.stringify(contents)}\n`);
  await write(`backed up ${db} to ${contents.file}\n${textOf(contents)}`);
}

export async function restore(source: string, { db, json }: Flags): Promise<void> {
  const restored = restoreDatabase(source, db, Date.now());
  if (json) return write(`${JSON.stringify(restored)}\n`);
  const aside = restored.aside === undefined ? '' : `  the database that was there: ${restored.aside}\n`;
  await write(`restored ${source} as ${restored.file}\n${textOf(restored)}${aside}`);
  await write('  revoke again what was revoked since the backup: keys, logins and shares of then are good now\n');
}

function textOf({ threads, messages, events, openRuns, bytes, audit }: BackupContents): string {
  const log = audit === undefined ? '' : `, audit log ${audit.problem === undefined ? 'whole' : `NOT WHOLE (${audit.problem})`}`;
  return `  verified: ${threads} threads, ${messages} messages, ${events} events, ${openRuns} open runs, ${bytes} bytes${log}\n`;
}

/** Into the audit log of the database that was copied: it tells who has what is in it. */
async function noteBackup(db: string, { bytes, threads }: BackupContents): Promise<void> {
  try {
    const { raw, close } = openForCommand(db);
    try {
      const queries = { audit: prepareAudit(drizzleOver(raw)) };
      const entry = { actor: 'cli', action: 'database.backup', outcome: 'ok', details: { bytes, threads } } as const;
      raw.transaction(() => appendAudit({ queries, now: Date.now() }, entry)).immediate();
    } finally {
      await close();
    }
  } catch (cause) {
    // One of an older version has no such log yet, and one that may only be read gets no entry.
    if (!(cause instanceof VerbatimError) || !['DATABASE_UNUSABLE', 'DATABASE_READ_ONLY'].includes(cause.code)) throw cause;
  }
}
