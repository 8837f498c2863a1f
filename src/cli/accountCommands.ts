import { Command, Option } from 'commander';
import type { KeyFlags } from './keys.ts';
import { parseExpiry } from './parseExpiry.ts';
import type { UserFlags } from './users.ts';
import type { DatabaseFlags } from './withDatabase.ts';

const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** `verbatim keys`: on the file of the server, which may be running. */
export function keysCommand(): Command {
  const keys = new Command('keys').description('Keys for programs, in the database file of a server that runs or not');
  onFile(keys.command('create').description('Make a key, and show it this once'))
    .requiredOption('--name <name>', 'what it is for')
    .option('--principal <id>', 'whom it acts for, such as a user (default: nobody but itself)')
    .option('--roles <list>', 'such as user,ops (default: those of its user but admin, or user)', words)
    .option('--tier <tier>', 'whose limits hold for it')
    .option('--scopes <list>', 'what it may do (default: whatever its roles may)', words)
    .option('--tenant <tenant>', 'whose it is')
    .option('--expires <when>', 'a date such as 2027-01-31, or 90d, 12h or 30m from now (default: never)', (text) => parseExpiry(text))
    .action(async (flags: KeyFlags) => (await import('./keys.ts')).createKeyFor(flags));
  onFile(keys.command('list').description('All keys, without what makes them work')).action(async (flags: DatabaseFlags) =>
    (await import('./keys.ts')).listKeys(flags),
  );
  onFile(
    keys
      .command('revoke')
      .description('End a key for good; a running server ends what is open under it')
      .argument('<id>', 'such as key_01...'),
  ).action(async (id: string, flags: DatabaseFlags) => (await import('./keys.ts')).revokeKeyOf(id, flags));
  return keys;
}

/** `verbatim users`: on the file of the server, which may be running. */
export function usersCommand(): Command {
  const users = new Command('users')
    .description('Users who log in, in the database file of a server that runs or not')
    .addHelpText('after', USERS_HELP);
  const user = '<user>';
  const which = 'name or id';
  onFile(users.command('create').description('Make a user').argument('<name>', 'what is typed at a login'))
    .option('--roles <list>', 'such as admin or user,ops (default: user)', words)
    .option('--tier <tier>', 'whose limits hold for it')
    .option('--tenant <tenant>', 'whose it is')
    .option('--id <id>', 'of the principal (default: a new one)')
    .option('--no-password', 'for one that uses keys alone')
    .action(async (name: string, flags: UserFlags) => (await import('./users.ts')).createUserNamed(name, flags));
  onFile(users.command('list').description('All users')).action(async (flags: DatabaseFlags) =>
    (await import('./users.ts')).listUsers(flags),
  );
  onFile(users.command('disable').description('End its logins, and let nothing of it in').argument(user, which)).action(
    async (name: string, flags: DatabaseFlags) => (await import('./users.ts')).disableUser(name, flags),
  );
  onFile(users.command('enable').description('Let it in again').argument(user, which)).action(async (name: string, flags: DatabaseFlags) =>
    (await import('./users.ts')).enableUser(name, flags),
  );
  onFile(
    users
      .command('set-role')
      .description('Give it these roles, and no others')
      .argument(user, which)
      .argument('<roles>', 'such as user,ops', words),
  ).action(async (name: string, roles: string[], flags: DatabaseFlags) => (await import('./users.ts')).setRoles(name, roles, flags));
  onFile(users.command('set-password').description('Give it another password, and end its logins').argument(user, which)).action(
    async (name: string, flags: DatabaseFlags) => (await import('./users.ts')).setPassword(name, flags),
  );
  return users;
}

const USERS_HELP = `
A password is typed at the terminal, or is the first line of stdin; never an argument, which everybody on the machine can see.
The first administrator: verbatim users create ann --roles admin
`;

function onFile(command: Command): Command {
  return command
    .addOption(new Option('--db <file>', 'database file of the server').env('VERBATIM_DB').default('verbatim.db'))
    .option('--json', 'print JSON on stdout');
}
