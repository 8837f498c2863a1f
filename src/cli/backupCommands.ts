import type { Command } from 'commander';
import { fileOption } from './fileOption.ts';

const RESTORE_HELP = `
The database that is there is kept, under a new name beside it. Readers of the time since the backup get a snapshot.
Keys, logins and shares that were revoked since the backup are good again: revoke them once more.
`;

/** `verbatim backup FILE` and `verbatim restore FILE`, on the file. */
export function addBackupCommands(program: Command): void {
  program
    .command('backup')
    .argument('<file>', 'a new file for the copy')
    .description('Copy a database as it is now, beside a server that goes on, and prove that the copy is whole')
    .addOption(fileOption())
    .option('--json', 'what is in it, as JSON')
    .action(async (file: string, flags: { readonly db: string; readonly json?: true }) =>
      (await import('./backup.ts')).backup(file, flags),
    );
  program
    .command('restore')
    .argument('<file>', 'a backup')
    .description('Put a backup in the place of a database that no server has open')
    .addOption(fileOption('database file to replace; no server may be running on it'))
    .option('--json', 'what is in it, as JSON')
    .addHelpText('after', RESTORE_HELP)
    .action(async (file: string, flags: { readonly db: string; readonly json?: true }) =>
      (await import('./backup.ts')).restore(file, flags),
    );
}
