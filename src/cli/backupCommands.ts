import type { Command } from 'commander';
import { type FileFlags, onFile, withFileOptions } from './fileOption.ts';

interface Flags extends FileFlags {
  readonly json?: true;
}

const RESTORE_HELP = `
The database that is there is kept, under a new name beside it. Readers of the time since the backup get a snapshot.
Keys, logins and shares that were revoked since the backup are good again: revoke them once more.
`;

/** `verbatim backup FILE` and `verbatim restore FILE`, on the file. */
export function addBackupCommands(program: Command): void {
  withFileOptions(program.command('backup').argument('<file>', 'a new file for the copy'))
    .description('Copy a database as it is now, beside a server that goes on, and prove that the copy is whole')
    .option('--json', 'what is in it, as JSON')
    .action((file: string, flags: Flags) => onFile(flags, async (named) => (await import('./backup.ts')).backup(file, named)));
  withFileOptions(program.command('restore').argument('<file>', 'a backup'), 'database file to replace; no server may be running on it')
    .description('Put a backup in the place of a database that no server has open')
    .option('--json', 'what is in it, as JSON')
    .addHelpText('after', RESTORE_HELP)
    .action((file: string, flags: Flags) => onFile(flags, async (named) => (await import('./backup.ts')).restore(file, named)));
}
