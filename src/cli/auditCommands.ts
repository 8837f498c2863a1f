import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AuditFlags } from './audit.ts';
import { type FileFlags, onFile, withFileOptions } from './fileOption.ts';
import { parseCount } from './parseCount.ts';

type Given = Omit<AuditFlags, 'db'> & FileFlags;

/** `verbatim audit list | verify | export`, on the file. */
export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('Who did what: read the audit log of a database file, and prove that it is whole');
  const filtered = (command: Command): Command =>
    withFileOptions(command)
      .option('--actor <id>', 'of this principal, by its id or the name of a user; "cli" or "server" for those')
      .option('--action <name>', 'such as threads.delete')
      .addOption(new Option('--outcome <outcome>', 'of this kind').choices(['ok', 'refused', 'failed']))
      .option('--since <time>', 'from this time on, such as 2026-11-21 or 2026-11-21T14:00Z', parseTime)
      .option('--until <time>', 'up to this time', parseTime);
  filtered(audit.command('list'))
    .description('The newest entries, oldest first')
    .option('--limit <number>', 'at most so many', parseCount, 100)
    .option('--json', 'one JSON object a line')
    .action((flags: Given) => onFile(flags, async (named) => (await import('./audit.ts')).listAudit(named)));
  filtered(audit.command('export'))
    .description('All entries to stdout, one JSON object a line, with their hashes')
    .action((flags: Given) => onFile(flags, async (named) => (await import('./audit.ts')).exportAudit(named)));
  withFileOptions(audit.command('verify'))
    .description('Find the first entry that was changed, removed or added; exit with 1 when there is one')
    .option('--head <id:hash>', 'a head that this command printed before: finds entries that are gone from the end, too')
    .option('--json', 'the verdict as JSON')
    .action((flags: FileFlags & { readonly head?: string; readonly json?: true }) =>
      onFile(flags, async (named) => (await import('./audit.ts')).verifyAuditFile(named)),
    );
}

function parseTime(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new InvalidArgumentError('A time is written as 2026-11-21 or 2026-11-21T14:00:00Z.');
  return at;
}
