import { type AuditFilter, type AuditRow, prepareAudit } from '../db/audit.ts';
import { drizzleOver } from '../db/drizzle.ts';
import { openDatabase } from '../db/openDatabase.ts';
import { ownerOfUser } from '../db/operations/logIn.ts';
import { type AuditHead, verifyAudit } from '../db/operations/verifyAudit.ts';
import { userName } from '../db/userName.ts';
import { prepareUsers } from '../db/users.ts';
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

type Audit = ReturnType<typeof prepareAudit>;

const PAGE = 500;

/** Prints the newest entries, oldest first. */
export async function listAudit(flags: AuditFlags): Promise<void> {
  await reading(flags.db, async (audit, actorOf) => {
    const filter = { ...filterOf(flags), actor: actorOf(flags.actor) };
    const rows = audit.newest({ ...filter, limit: flags.limit ?? 100 });
    for (const row of rows) await write(`${flags.json ? JSON.stringify(row) : lineOf(row)}\n`);
    const { actor } = filter;
    if (rows.length > 0 || actor === undefined || audit.newest({ actor, limit: 1 }).length > 0) return;
    process.stderr.write(`No entry is of ${flags.actor}. An actor is the id of a principal, the name of a user, "cli" or "server".\n`);
  });
}

/** Prints every entry as JSON, a line each, no faster than they are taken. */
export async function exportAudit(flags: AuditFlags): Promise<void> {
  await reading(flags.db, async (audit, actorOf) => {
    const filter = { ...filterOf(flags), actor: actorOf(flags.actor) };
    for (let afterId = 0; ; ) {
      const rows = audit.page({ ...filter, afterId, limit: PAGE });
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
    if (flags.json) return write(`${JSON.stringify({ rows, ...(head !== undefined && { head: textOfHead(head) }), problem })}\n`);
    if (problem !== undefined) return write(`NOT WHOLE: ${problem}. Before it, ${rows} entries are as they were written.\n`);
    await write(`whole: ${rows} entries\n`);
    if (head !== undefined) await write(`head: ${textOfHead(head)}  (keep it elsewhere, for --head)\n`);
  });
}

async function reading(
  file: string,
  work: (audit: Audit, actorOf: (given: string | undefined) => string | undefined) => Promise<void>,
): Promise<void> {
  const { raw, close } = openDatabase({ file, readonly: true });
  try {
    const db = drizzleOver(raw);
    const audit = prepareAudit(db);
    await work(audit, (given) => {
      if (given === undefined || audit.newest({ actor: given, limit: 1 }).length > 0) return given;
      const user = prepareUsers(db).byName(userName(given) ?? '');
      return user === undefined ? given : ownerOfUser(user);
    });
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

/** As `--head` takes it. */
function textOfHead({ id, hash }: AuditHead): string {
  return `${id}:${hash}`;
}

function parseHead(text: string): AuditHead {
  const [, id, hash] = /^(\d+):([\w-]+)$/.exec(text) ?? [];
  if (id === undefined || hash === undefined) {
    throw new VerbatimError('CONFIG_INVALID', 'A head is written as verify prints it: --head 42:Kx3...');
  }
  return { id: Number(id), hash };
}
