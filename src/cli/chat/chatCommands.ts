import type { Client } from '../../client/client.ts';
import type { AgentInfo } from '../../protocol/agentInfo.ts';
import type { JsonApi } from '../../protocol/contract.ts';
import type { Usage } from '../../protocol/event.ts';
import type { RunInfo, ThreadInfo } from '../../protocol/procedures.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { nearestName } from '../../server/nearestName.ts';
import { estimateText } from '../estimateText.ts';
import { plainLine } from '../plainText.ts';
import { type Line, line, span } from '../terminal/span.ts';
import { fitText, textWidth } from '../terminal/textWidth.ts';
import type { ChatScreen } from './chatScreen.ts';
import type { Conversation } from './conversation.ts';
import type { ThreadView } from './threadView.ts';

export interface CommandContext {
  readonly client: Client<JsonApi>;
  readonly conversation: Conversation;
  readonly view: ThreadView;
  readonly screen: ChatScreen;
  agents: readonly AgentInfo[];
  /** As `/threads` showed them last. */
  threads: readonly ThreadInfo[];
  leave(): void;
}

interface ChatCommand {
  /** What stands behind its name. */
  readonly takes?: string;
  readonly what: string;
  run(argument: string, context: CommandContext): Promise<void> | void;
  /** What its argument may be. */
  complete?(context: CommandContext): readonly string[];
}

const LISTED_THREADS = 20;
const PAGE = 100;

const COMMANDS: Readonly<Record<string, ChatCommand>> = {
  threads: { takes: '[words]', what: 'your conversations, newest first', run: listThreads },
  open: {
    takes: '<number or id>',
    what: 'go on with one of them',
    run: openThread,
    complete: ({ threads }) => threads.map(({ id }) => id),
  },
  new: { what: 'begin another conversation', run: beginThread },
  agent: {
    takes: '[name]',
    what: 'whom to talk to',
    run: chooseAgent,
    complete: ({ agents }) => agents.map(({ name }) => name),
  },
  fork: { what: 'go on in a copy, and leave this one as it is', run: fork },
  retry: { what: 'have the last message answered again', run: retry },
  steer: { takes: '<text>', what: 'say something into the answer that is under way', run: steer },
  stop: { what: 'stop the answer, as Ctrl-C does', run: stop },
  approvals: { what: 'ask again what was left for later', run: askAgain },
  usage: { what: 'tokens and cost of this conversation', run: showUsage },
  help: { what: 'this list', run: help },
  quit: { what: 'leave, as Ctrl-D does', run: (_, { leave }) => leave() },
};

/** A line is a command when a name follows the slash; `//` begins a message with one. */
export function isCommand(text: string): boolean {
  return /^\/[a-z]+(?:\s|$)/i.test(text);
}

/** Throws `NOT_FOUND` for a command that there is not, with the one that was likely meant, and whatever the server refuses with. */
export async function runCommand(text: string, context: CommandContext): Promise<void> {
  const [, name = '', argument = ''] = /^\/([a-z]+)\s*([\s\S]*)$/i.exec(text) ?? [];
  const command = COMMANDS[name.toLowerCase()];
  if (command === undefined) {
    const meant = nearestName(name, Object.keys(COMMANDS));
    throw new VerbatimError(
      'NOT_FOUND',
      `There is no /${name}. ${meant === undefined ? '/help lists what there is' : `Did you mean /${meant}?`}`,
    );
  }
  await command.run(argument.trim(), context);
}

/** What the text up to the cursor could become: whole texts. Empty for what is no command. */
export function completions(text: string, context: CommandContext): readonly string[] {
  const [, name = '', space, argument = ''] = /^\/([a-z]*)(\s+)?(\S*)$/i.exec(text) ?? [];
  if (!text.startsWith('/')) return [];
  if (space === undefined) {
    return Object.entries(COMMANDS)
      .filter(([known]) => known.startsWith(name.toLowerCase()))
      .map(([known, { takes }]) => `/${known}${takes === undefined ? '' : ' '}`);
  }
  const known = COMMANDS[name]?.complete?.(context) ?? [];
  return known.filter((value) => value.startsWith(argument)).map((value) => `/${name} ${value}`);
}

async function listThreads(words: string, context: CommandContext): Promise<void> {
  const { client, screen, view, conversation } = context;
  const { items, nextPageToken } = await client.threads.list({ limit: LISTED_THREADS, ...(words !== '' && { search: words }) });
  context.threads = items;
  if (items.length === 0) return view.note(words === '' ? 'There are none yet.' : `None has "${words}" in its title.`);
  const rows = items.map(({ id, title, preview, updatedAt, activeRunId }, at): Line => {
    const number = `${at + 1}`.padStart(3);
    const when = ago(updatedAt).padStart(9);
    const isHere = id === conversation.threadId;
    const name = fitText(plainLine(title ?? preview ?? 'untitled'), Math.max(10, screen.width - 18));
    return [
      span(number, { colour: 'cyan' }),
      span(when, { dim: true }),
      span(activeRunId === undefined ? '   ' : ' ● ', { colour: 'green' }),
      span(name, { bold: isHere, dim: title === null }),
    ];
  });
  const more = nextPageToken === undefined ? '' : ' There are more: /threads with words of a title.';
  view.beside([...rows, line(`/open with a number goes on with one.${more}`, { dim: true })]);
}

async function openThread(argument: string, { conversation, threads, view }: CommandContext): Promise<void> {
  if (argument === '') return view.note('Which one? /threads lists them.');
  const number = /^\d{1,3}$/.test(argument) ? Number(argument) : undefined;
  const id = number === undefined ? argument : threads[number - 1]?.id;
  if (id === undefined) return view.note(`There is no number ${number}. /threads lists them.`);
  await conversation.open(id);
}

function beginThread(_: string, { conversation, view }: CommandContext): void {
  conversation.begin();
  view.note('The next message begins another conversation.');
}

function chooseAgent(name: string, { agents, conversation, view, screen }: CommandContext): void {
  if (name === '') {
    const wide = Math.min(30, Math.max(...agents.map((agent) => textWidth(agent.name))));
    const rows = agents.map((agent): Line => {
      const isSpoken = agent.name === conversation.agent;
      const shown = plainLine(agent.name).padEnd(wide);
      return [
        span(isSpoken ? '● ' : '  ', { colour: 'green' }),
        span(`${shown}  `, { bold: isSpoken }),
        span(fitText(plainLine(agent.description), screen.width - wide - 4), { dim: true }),
      ];
    });
    return view.beside(rows);
  }
  const names = agents.map((agent) => agent.name);
  if (!names.includes(name)) {
    const meant = nearestName(name, names);
    throw new VerbatimError(
      'NOT_FOUND',
      `There is no agent "${name}". ${meant === undefined ? '/agent lists them' : `Did you mean ${meant}?`}`,
    );
  }
  conversation.agent = name;
  view.note(`You talk to ${name} now.`);
}

async function fork(_: string, { conversation, view }: CommandContext): Promise<void> {
  const from = conversation.threadId;
  await conversation.fork();
  view.note(`You are in a copy now. The one before is ${from}.`);
}

async function retry(_: string, { conversation, view }: CommandContext): Promise<void> {
  await conversation.retry();
  view.note('~ asked again; the answer above is withdrawn', { colour: 'yellow' });
}

async function steer(text: string, { conversation, view }: CommandContext): Promise<void> {
  if (text === '') return view.note('What is to be said? /steer <text>');
  await conversation.send(text, 'steer');
}

async function stop(_: string, { conversation, view }: CommandContext): Promise<void> {
  if (!(await conversation.stop())) view.note('There is nothing to stop.');
}

function askAgain(_: string, { view }: CommandContext): void {
  view.questions.askAgain();
  if (view.questions.isEmpty) view.note('Nothing waits for you here.');
}

async function showUsage(_: string, { client, conversation, view }: CommandContext): Promise<void> {
  const { threadId } = conversation;
  if (threadId === undefined) return view.note('Nothing was used yet.');
  const runs: RunInfo[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = await client.trpc.runs.list.query({ threadId, limit: PAGE, ...(pageToken !== undefined && { pageToken }) });
    // What child runs used is in their parent's already.
    runs.push(...page.items.filter(({ parentRunId }) => parentRunId === undefined));
    pageToken = page.nextPageToken;
    if (pageToken === undefined) break;
  }
  const last = runs.reduce<RunInfo | undefined>(
    (newest, run) => (newest === undefined || run.createdAt > newest.createdAt ? run : newest),
    undefined,
  );
  if (last !== undefined) view.note(`last answer   ${usageText([last.usage])}`);
  view.note(`conversation  ${usageText(runs.map(({ usage }) => usage))} in ${runs.length} ${runs.length === 1 ? 'answer' : 'answers'}`);
}

function usageText(usages: readonly Usage[]): string {
  const sum = (read: (usage: Usage) => number | undefined): number => usages.reduce((total, usage) => total + (read(usage) ?? 0), 0);
  const cached = sum(({ cachedTokens }) => cachedTokens);
  const tokens = (count: number): string => count.toLocaleString('en');
  const priced = usages.filter(({ cost }) => cost !== undefined);
  const cost =
    priced.length === 0 ? '' : ` · cost ${priced.length < usages.length ? 'more than ' : ''}${sum((usage) => usage.cost).toFixed(4)}`;
  const estimate = estimateText(usages);
  return `${tokens(sum((usage) => usage.inputTokens))} tokens in${cached > 0 ? ` (${tokens(cached)} cached)` : ''} · ${tokens(sum((usage) => usage.outputTokens))} out${estimate === undefined ? '' : ` (${estimate})`}${cost}`;
}

function help(_: string, { view }: CommandContext): void {
  const rows = Object.entries(COMMANDS).map(([name, { takes = '', what }]): Line => {
    const shown = `/${name} ${takes}`;
    return [span(shown.padEnd(24), { colour: 'cyan' }), span(what)];
  });
  const keys: readonly (readonly [string, string])[] = [
    ['Enter', 'send; while an answer is under way it waits in line'],
    ['Alt-Enter, Ctrl-J', 'a line more in the message'],
    ['Up, Down', 'what you sent before'],
    ['Tab', 'the rest of a command'],
    ['Ctrl-C', 'stop the answer; twice: leave'],
  ];
  view.beside([...rows, [], ...keys.map(([key, what]): Line => [span(key.padEnd(24), { bold: true }), span(what)])]);
}

function ago(at: number): string {
  const minutes = Math.max(0, Math.floor((Date.now() - at) / 60_000));
  if (minutes < 1) return 'now';
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / 1_440)} days`;
}
