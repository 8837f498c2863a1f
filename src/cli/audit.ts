import { type AuditFilter, type AuditRow, prepareAudit } from '../db/audit.ts';
import { drizzleOver } from '../db/drizzle.ts';
import { openDatabase } from '../db/openDatabase.ts';
import { type AuditHead, verifyAudit } from '../db/operations/verifyAudit.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { write } from './writeOut.ts';

export interface AuditFlags {
  readonly db: string;
  readonly actor?: string;
  readonly action?: string;
  readonly outcome?: 'ok' | 'refused' | 'failed';
  /** Epoch milliseconds. */
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
  readonly json?: true;
}

const PAGE = 500;

/** Prints the newest entries, oldest first. */
export async function listAudit(flags: AuditFlags): Promise<void> {
  await reading(flags.db, async (audit) => {
    const rows = audit.newest({ ...filterOf(flags), limit: flags.limit ?? 100 });
    for (const row of rows) await write(`${flags.json ? JSON.stringify(row) : lineOf(row)}\n`);
  });
}

/** Prints every entry as JSON, a line each, no faster than they are taken. */
export async function exportAudit(flags: AuditFlags): Promise<void> {
  await reading(flags.db, async (audit) => {
    for (let afterId = 0; ; ) {
      const rows = audit.page({ ...filterOf(flags), afterId, limit: PAGE });
      for (const row of rows) await write(`${JSON.stringify(row)}\n`);
      afterId = rows.at(-1)?.id ?? 0;
      if (rows.length < PAGE) return;
    }
  });
}

/** Says whether the log is whole. The exit code is 1 when it is not. */
export async function verifyAuditFile(flags: { readonly db: string; readonly head?: string; readonly json?: true }): Promise<void> {
  const known = flags.head === undefined ? undefined : parseHead(flags.head);
  await reading(flags.db, async (audit) => {
    const verdict = verifyAudit({ audit }, known);
    const { rows, head, problem } = verdict;
    if (problem !== undefined) process.exitCode = 1;
    if (flags.json) return write(`${JSON.stringify(verdict)}\n`);
    if (problem !== undefined) return write(`NOT WHOLE: ${problem}. Before it, ${rows} entries are as they were written.\n`);
    await write(`whole: ${rows} entries\n`);
    if (head !== undefined) await write(`head: ${head.id}:${head.hash}  (keep it elsewhere, for --head)\n`);
  });
}

async function reading(file: string, work: (audit: ReturnType<typeof prepareAudit>) => Promise<void>): Promise<void> {
  const { raw, close } = openDatabase({ file, readonly: true });
  try {
    await work(prepareAudit(drizzleOver(raw)));
  } finally {
    await close();
  }
}

function filterOf({ actor, action, outcome, since, until }: AuditFlags): Omit<AuditFilter, 'limit'> {
  return { actor, action, outcome, from: since, to: until };
}

function lineOf({ at, actor, action, target, outcome, origin, details }: AuditRow): string {
  const parts = [
    new Date(at).toISOString(),
    outcome.padEnd(7),
    actor ?? '-',
    action,
    target,
    origin,
    details === null ? null : JSON.stringify(details),
  ];
  return parts.filter((part) => part !== null && part !== '').join('  ');
}

function parseHead(text: string): AuditHead {
  const [, id, hash] = /^(\d+):([\w-]+)$/.exec(text) ?? [];
  if (id === undefined || hash === undefined) {
    throw new VerbatimError('CONFIG_INVALID', 'A head is written as verify prints it: --head 42:Kx3...');
  }
  return { id: Number(id), hash };
}
