import { type Command, Option } from 'commander';
import { parseCount } from '../parseCount.ts';
import { onServer } from '../withServer.ts';
import type { DeleteFlags } from './deleteThreads.ts';
import type { ExportFlags } from './exportThread.ts';
import type { ListThreadsFlags } from './listThreads.ts';

/** `verbatim threads`, by a server. */
export function addThreadCommands(program: Command): void {
  const threads = program.command('threads').description('Threads of a server');
  onServer(threads.command('list').description('Your threads, the last that something happened in first'))
    .option('-s, --search <text>', 'only those with this in their title')
    .option('--active', 'only those with an open run')
    .option('--shared', 'those that others share with you, in the place of your own')
    .option('--all', 'those of everybody, where you may read them')
    .addOption(new Option('-n, --limit <number>', 'how many').argParser(parseCount).default(20))
    .action(async (flags: ListThreadsFlags) => (await import('./listThreads.ts')).listThreads(flags));
  onServer(
    threads
      .command('export')
      .description('A thread with its messages, runs, events and what is known of its files, as one JSON document on stdout'),
  )
    .argument('<thread>', 'its id')
    .option('-o, --out <file>', 'write it there instead, and say what was written: with --json as JSON')
    .action(async (id: string, flags: ExportFlags) => (await import('./exportThread.ts')).exportThread(id, flags));
  onServer(threads.command('delete').description('Delete threads with all that is in them. There is no way back'))
    .argument('<thread...>', 'their ids')
    .option('-y, --yes', 'do not ask first: needed where there is no terminal to ask at')
    .action(async (ids: string[], flags: DeleteFlags) => (await import('./deleteThreads.ts')).deleteThreads(ids, flags));
}
