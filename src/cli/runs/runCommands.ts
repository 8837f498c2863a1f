import { type Command, Option } from 'commander';
import { parseCount } from '../parseCount.ts';
import { onServer, type ServerFlags } from '../withServer.ts';
import type { ListRunsFlags } from './listRuns.ts';

const STATUSES = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled'];

/** `verbatim runs`, by a server. */
export function addRunCommands(program: Command): void {
  const runs = program.command('runs').description('Runs of a server');
  onServer(runs.command('list').description('Your runs, the newest first'))
    .option('--thread <id>', 'only those of this thread')
    .addOption(new Option('--status <status>', 'only those that are so').choices(STATUSES))
    .addOption(new Option('-n, --limit <number>', 'how many').argParser(parseCount).default(20))
    .action(async (flags: ListRunsFlags) => (await import('./listRuns.ts')).listRuns(flags));
  onServer(runs.command('show').description('What a run did: steps, tools, approvals and the runs under it, with times, tokens and cost'))
    .argument('<run>', 'its id')
    .action(async (id: string, flags: ServerFlags) => (await import('./showRun.ts')).showRun(id, flags));
  onServer(runs.command('watch').description('Print the events of a run as they come, from its first to its last'))
    .argument('<run>', 'its id')
    .action(async (id: string, flags: ServerFlags) => (await import('./watchRun.ts')).watchRun(id, flags));
  onServer(runs.command('cancel').description('End runs, and wait for their end'))
    .argument('<run...>', 'their ids')
    .action(async (ids: string[], flags: ServerFlags) => (await import('./cancelRuns.ts')).cancelRuns(ids, flags));
}
