import { type Command, Option } from 'commander';
import type { ExportFlags } from './exportThread.ts';

/** `verbatim threads export`, by a server. */
export function addThreadCommands(program: Command): void {
  const threads = program.command('threads').description('Threads of a server');
  threads
    .command('export')
    .argument('<id>', 'of the thread')
    .description('A thread with its messages, runs, events and what is known of its files, as one JSON document on stdout')
    .addOption(new Option('-u, --url <url>', 'of the server').env('VERBATIM_URL').default('http://127.0.0.1:3000'))
    .addOption(new Option('-t, --token <token>', 'who you are, where the server asks').env('VERBATIM_TOKEN'))
    .action(async (id: string, flags: ExportFlags) => (await import('./exportThread.ts')).exportThread(id, flags));
}
