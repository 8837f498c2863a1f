import { statSync } from 'node:fs';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { prepareAudit } from './audit.ts';
import { drizzleOver } from './drizzle.ts';
import { openError } from './openError.ts';
import { type AuditVerdict, verifyAudit } from './operations/verifyAudit.ts';
import { loadSqlite } from './sqlite.ts';

/** What is in a copy that was found whole. */
export interface BackupContents {
  readonly file: string;
  readonly bytes: number;
  readonly threads: number;
  readonly messages: number;
  readonly events: number;
  readonly openRuns: number;
  /** Undefined in a file from before there was one. */
  readonly audit: AuditVerdict | undefined;
}

/** Reads all of a file that nobody writes. Throws `DATABASE_CORRUPT`, naming what is wrong with it. */
export function checkBackup(file: string): BackupContents {
  const raw = new (loadSqlite().Database)(file, { readonly: true });
  try {
    const invalid = (what: string): VerbatimError => new VerbatimError('DATABASE_CORRUPT', `${file} is not whole: ${what}.`);
    const [integrity] = raw.pragma('integrity_check(1)') as { integrity_check: string }[];
    if (integrity?.integrity_check !== 'ok') throw invalid(String(integrity?.integrity_check));
    const [orphan] = raw.pragma('foreign_key_check') as { table: string; parent: string }[];
    if (orphan !== undefined) throw invalid(`a row of ${orphan.table} has lost its row of ${orphan.parent}`);
    const gap = raw
      .prepare<[], { id: string }>(
        `select t.id from threads t join (select thread, count(*) as n, min(seq) as first, max(seq) as last from events group by thread) e
         on e.thread = t.key where e.last - e.first + 1 <> e.n or e.first <> t.floor + 1 limit 1`,
      )
      .get();
    if (gap !== undefined) throw invalid(`the events of ${gap.id} have gaps`);
    const lost = raw.prepare<[], number>('select thread from events where thread not in (select key from threads) limit 1').pluck().get();
    if (lost !== undefined) throw invalid('there are events of a thread that is not there');
    const count = (what: string): number => Number(raw.prepare(`select count(*) from ${what}`).pluck().get());
    const hasAudit = count("sqlite_master where name = 'audit_log'") > 0;
    const audit = hasAudit ? verifyAudit({ audit: prepareAudit(drizzleOver(raw)) }) : undefined;
    return {
      file,
      bytes: statSync(file).size,
      threads: count('threads'),
      messages: count('messages'),
      events: count('events'),
      openRuns: count("runs where status in ('queued', 'running', 'waiting')"),
      audit,
    };
  } catch (cause) {
    throw openError(file, cause);
  } finally {
    raw.close();
  }
}
