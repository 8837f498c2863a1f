import type { Command } from 'commander';

/** By the command's words after `verbatim`. A test sees to it that each has some, and that they parse. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  serve: [
    'serve',
    'serve --config agents/verbatim.config.ts --port 8080 --db /var/lib/verbatim/verbatim.db',
    'serve --log-level info,run=debug',
  ],
  chat: [
    'chat       # with a prompt, where stdin and stdout are a terminal',
    'echo "Where is order 42?" | verbatim chat --agent support       # the answer on stdout, what is said beside it on stderr',
    'chat --json < questions.txt > events.ndjson       # every event',
  ],
  demo: ['demo'],
  init: ['init my-agents', 'init my-agents --install', 'init . --package 0.1.0'],
  generate: [
    'generate --config verbatim.config.ts --out ../web/agents --name @acme/agents',
    'generate --out ../web/agents --check       # in CI: fails when somebody forgot to generate',
  ],
  'keys create': ['keys create --name deploy --roles user --expires 90d', 'keys create --name ci --principal user_01 --json'],
  'keys list': ['keys list', 'keys list --db /var/lib/verbatim/verbatim.db --json'],
  'keys revoke': ['keys revoke key_01h2xcejqtf2nbrexx3vqjhp41'],
  'users create': ['users create ann --roles admin', 'users create bot --no-password --roles user'],
  'users list': ['users list --json'],
  'users disable': ['users disable ann'],
  'users enable': ['users enable ann'],
  'users set-role': ['users set-role ann user,ops'],
  'users set-password': ['users set-password ann', 'users set-password ann < new-password.txt'],
  'threads list': [
    'threads list',
    'threads list --search refund --limit 100',
    'threads list --active --json',
    'threads list --all --json | jq -r ".[] | [.ownerId, .id] | @tsv"',
  ],
  'threads export': [
    'threads export thread_01h2xcejqtf2nbrexx3vqjhp41 > thread.json',
    'threads export thread_01h2xcejqtf2nbrexx3vqjhp41 --out thread.json',
  ],
  'threads delete': ['threads delete thread_01h2xcejqtf2nbrexx3vqjhp41', 'threads delete --yes thread_01h2xcejqtf2nbrexx3vqjhp41'],
  'runs list': ['runs list', 'runs list --status failed --limit 100', 'runs list --thread thread_01h2xcejqtf2nbrexx3vqjhp41 --json'],
  'runs show': ['runs show run_01h2xcejqtf2nbrexx3vqjhp41', 'runs show run_01h2xcejqtf2nbrexx3vqjhp41 --json'],
  'runs watch': [
    'runs watch run_01h2xcejqtf2nbrexx3vqjhp41       # exits with 0 completed, 1 failed, 2 cancelled',
    'runs watch run_01h2xcejqtf2nbrexx3vqjhp41 --json | jq -r .type',
  ],
  'runs cancel': ['runs cancel run_01h2xcejqtf2nbrexx3vqjhp41'],
  'audit list': ['audit list', 'audit list --json'],
  'audit export': ['audit export > audit.ndjson'],
  'audit verify': ['audit verify'],
  backup: ['backup backups/monday.db'],
  restore: ['restore backups/monday.db'],
  'config print': ['config print', 'config print --json'],
  doctor: ['doctor', 'doctor --config verbatim.config.ts --json'],
  completion: [
    'completion bash       # in ~/.bashrc: eval "$(verbatim completion bash)"',
    'completion zsh        # in ~/.zshrc, after compinit: eval "$(verbatim completion zsh)"',
    'completion fish       # in ~/.config/fish/config.fish: verbatim completion fish | source',
  ],
};

/** Adds them to what `--help` says of each command. */
export function addExamples(command: Command, words: readonly string[] = []): void {
  const examples = EXAMPLES[words.join(' ')];
  if (examples !== undefined) {
    const lines = examples.map((example) => `  ${/^\w+ .*\| verbatim /.test(example) ? example : `verbatim ${example}`}\n`);
    command.addHelpText('after', `\nExamples:\n${lines.join('')}`);
  }
  for (const sub of command.commands) addExamples(sub, [...words, sub.name()]);
}
