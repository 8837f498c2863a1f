import { Command } from 'commander';
import { type FileFlags, onFile, withFileOptions } from './fileOption.ts';
import type { KeyFlags } from './keys.ts';
import { parseExpiry } from './parseExpiry.ts';
import type { UserFlags } from './users.ts';
import type { DatabaseFlags } from './withDatabase.ts';

/** As it was typed: what is left out of it is found. */
type Given<Flags extends DatabaseFlags> = Omit<Flags, 'db'> & FileFlags;

const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** `verbatim keys`: on the file of the server, which may be running. */
export function keysCommand(): Command {
  const keys = new Command('keys').description('Keys for programs, in the database file of a server that runs or not');
  forFile(keys.command('create').description('Make a key, and show it this once'))
    .requiredOption('--name <name>', 'what it is for')
    .option('--principal <id>', 'whom it acts for, such as a user (default: nobody but itself)')
    .option('--roles <list>', 'such as user,ops (default: those of its user but admin, or user)', words)
    .option('--tier <tier>', 'whose limits hold for it')
    .option('--scopes <list>', 'what it may do (default: whatever its roles may)', words)
    .option('--tenant <tenant>', 'whose it is')
    .option('--expires <when>', 'a date such as 2027-01-31, or 90d, 12h or 30m from now (default: never)', (text) => parseExpiry(text))
    .action((flags: Given<KeyFlags>) => onFile(flags, async (named) => (await import('./keys.ts')).createKeyFor(named)));
  forFile(keys.command('list').description('All keys, without what makes them work')).action((flags: Given<DatabaseFlags>) =>
    onFile(flags, async (named) => (await import('./keys.ts')).listKeys(named)),
  );
  forFile(
    keys
      .command('revoke')
      .description('End a key for good; a running server ends what is open under it')
      .argument('<id>', 'such as key_01...'),
  ).action((id: string, flags: Given<DatabaseFlags>) => onFile(flags, async (named) => (await import('./keys.ts')).revokeKeyOf(id, named)));
  return keys;
}

/** `verbatim users`: on the file of the server, which may be running. */
export function usersCommand(): Command {
  const users = new Command('users')
    .description('Users who log in, in the database file of a server that runs or not')
    .addHelpText('after', USERS_HELP);
  const user = '<user>';
  const which = 'name or id';
  forFile(users.command('create').description('Make a user').argument('<name>', 'what is typed at a login'))
    .option('--roles <list>', 'such as admin or user,ops (default: user)', words)
    .option('--tier <tier>', 'whose limits hold for it')
    .option('--tenant <tenant>', 'whose it is')
    .option('--id <id>', 'of the principal (default: a new one)')
    .option('--no-password', 'for one that uses keys alone')
    .action((name: string, flags: Given<UserFlags>) =>
      onFile(flags, async (named) => (await import('./users.ts')).createUserNamed(name, named)),
    );
  forFile(users.command('list').description('All users')).action((flags: Given<DatabaseFlags>) =>
    onFile(flags, async (named) => (await import('./users.ts')).listUsers(named)),
  );
  forFile(users.command('disable').description('End its logins, and let nothing of it in').argument(user, which)).action(
    (name: string, flags: Given<DatabaseFlags>) => onFile(flags, async (named) => (await import('./users.ts')).disableUser(name, named)),
  );
  forFile(users.command('enable').description('Let it in again').argument(user, which)).action(
    (name: string, flags: Given<DatabaseFlags>) => onFile(flags, async (named) => (await import('./users.ts')).enableUser(name, named)),
  );
  forFile(
    users
      .command('set-role')
      .description('Give it these roles, and no others')
      .argument(user, which)
      .argument('<roles>', 'such as user,ops', words),
  ).action((name: string, roles: string[], flags: Given<DatabaseFlags>) =>
    onFile(flags, async (named) => (await import('./users.ts')).setRoles(name, roles, named)),
  );
  forFile(users.command('set-password').description('Give it another password, and end its logins').argument(user, which)).action(
    (name: string, flags: Given<DatabaseFlags>) => onFile(flags, async (named) => (await import('./users.ts')).setPassword(name, named)),
  );
  return users;
}

const USERS_HELP = `
A password is typed at the terminal, or is the first line of stdin; never an argument, which everybody on the machine can see.
The first administrator: verbatim users create ann --roles admin
`;

function forFile(command: Command): Command {
  return withFileOptions(command, 'database file of the server').option('--json', 'print JSON on stdout');
}
