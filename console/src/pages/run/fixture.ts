import type { AnyEvent, ErrorInfo, Json, RunStep, Usage } from 'verbatim-agents/client';

export interface FixtureInput {
  readonly runId: string;
  readonly events: readonly AnyEvent[];
  readonly steps: ReadonlyMap<string, readonly RunStep[]>;
}

/** A turn of `scriptedModel`, as it is written out. */
interface Turn {
  reasoning?: string;
  text?: string;
  toolCalls?: ({ readonly name: string; readonly input: Json } | { readonly name: string; readonly arguments: string })[];
  hostedTools?: { readonly tool: string; readonly data: Json; readonly failed?: true }[];
  finish?: 'length' | 'filtered' | 'incomplete';
  usage?: Pick<Usage, 'inputTokens' | 'outputTokens'>;
  error?: ErrorInfo;
}

/** The script that a model of one agent followed. */
interface Script {
  readonly turns: Turn[];
  /** Calls that were withdrawn, or stopped: a test does not make them. */
  left: number;
}

/**
 * What the models said in the run, as TypeScript for a test: `message` to be sent, and `models` for `createTestServer`, by the names of the agents. Tools are
 * called again, so that a test sees what they do now.
 */
export function fixtureOf(input: FixtureInput): string {
  const scripts = scriptsOf(input);
  const asked = input.events.find((event) => event.type === 'message.received');
  const imports = "import { scriptedModel } from 'verbatim-agents/testing';";
  const about = comment([
    `What the models said in the run ${input.runId}.`,
    'In a test: await using server = await createTestServer({ agents, models }); const run = await server.client().send(message);',
  ]);
  const message =
    asked?.type === 'message.received' ? [`export const message = ${write({ agent: asked.agent, text: asked.text }, 0)} as const;`] : [];
  const models = [...scripts].map(([agent, { turns, left }]) => {
    const note = left > 0 ? `  // Without ${left} of its calls: they were withdrawn or stopped.\n` : '';
    return `${note}  ${writeKey(agent)}: scriptedModel(${write(turns, 1)}),`;
  });
  return `${[imports, '', ...about, ...message, '', 'export const models = {', ...models, '};'].join('\n')}\n`;
}

function scriptsOf({ events, steps }: FixtureInput): ReadonlyMap<string, Script> {
  const calls = new Map([...steps.values()].flat().map((step) => [step.messageId, step]));
  const turns = new Map<string, Turn>();
  const scripts = new Map<string, Script>();
  const messageOfRun = new Map<string, string>();
  const turnOf = (messageId: string): Turn => turns.get(messageId) ?? {};
  for (const event of events) {
    switch (event.type) {
      case 'message.started': {
        const step = calls.get(event.messageId);
        // An agent that is written by hand has no model.
        if (step === undefined) break;
        const script = scripts.get(event.agent) ?? { turns: [], left: 0 };
        scripts.set(event.agent, script);
        if (step.discarded === true || step.finish === 'cancelled' || step.endedAt === undefined) {
          script.left += 1;
          break;
        }
        const { usage, finish } = step;
        const turn: Turn = {
          ...(isCut(finish) && { finish }),
          ...(usage !== undefined && { usage: { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens } }),
        };
        script.turns.push(turn);
        turns.set(event.messageId, turn);
        messageOfRun.set(event.runId, event.messageId);
        break;
      }
      case 'reasoning.delta': {
        const turn = turnOf(event.messageId);
        turn.reasoning = (turn.reasoning ?? '') + event.delta;
        break;
      }
      case 'message.completed':
        if (event.text !== '') turnOf(event.messageId).text = event.text;
        break;
      case 'tool.called':
        addTo(turnOf(event.messageId), 'toolCalls', { name: event.tool, input: event.input });
        break;
      case 'tool.failed':
        if (event.rejected === undefined) break;
        addTo(turnOf(event.rejected.messageId), 'toolCalls', { name: event.tool, arguments: event.rejected.arguments });
        break;
      case 'tool.hosted':
        if (event.status === 'called') break;
        addTo(turnOf(event.messageId), 'hostedTools', {
          tool: event.tool,
          data: event.data,
          ...(event.status === 'failed' && { failed: true }),
        });
        break;
      case 'run.failed': {
        const messageId = messageOfRun.get(event.runId);
        if (messageId !== undefined && calls.get(messageId)?.finish === 'failed')
          turnOf(messageId).error = { ...event.error, retryable: false };
        break;
      }
    }
  }
  return scripts;
}

function addTo<Name extends 'toolCalls' | 'hostedTools'>(turn: Turn, name: Name, part: NonNullable<Turn[Name]>[number]): void {
  turn[name] = [...(turn[name] ?? []), part] as Turn[Name];
}

function isCut(finish: RunStep['finish']): finish is 'length' | 'filtered' | 'incomplete' {
  return finish === 'length' || finish === 'filtered' || finish === 'incomplete';
}

const INDENT = '  ';
const WIDTH = 120;

/** A value as TypeScript that means the same: keys without quotes where they need none, on one line where that is short. */
function write(value: unknown, depth: number): string {
  const inline = writeInline(value);
  if (typeof value !== 'object' || value === null || inline.length + depth * INDENT.length < WIDTH - 40) return inline;
  const inner = INDENT.repeat(depth + 1);
  const lines = Array.isArray(value)
    ? value.map((part) => `${inner}${write(part, depth + 1)},`)
    : Object.entries(value).map(([key, part]) => `${inner}${writeKey(key)}: ${write(part, depth + 1)},`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return [open, ...lines, `${INDENT.repeat(depth)}${close}`].join('\n');
}

function writeInline(value: unknown): string {
  if (typeof value === 'string') return writeText(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(writeInline).join(', ')}]`;
  const parts = Object.entries(value).map(([key, part]) => `${writeKey(key)}: ${writeInline(part)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

function writeKey(key: string): string {
  // As a plain key it would be the prototype.
  if (key === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : writeText(key);
}

function writeText(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  // Both end a line in the eyes of some tools.
  return `'${escaped.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}

function comment(lines: readonly string[]): readonly string[] {
  return ['/**', ...lines.map((line) => ` * ${line.replaceAll('*/', '*\u200b/')}`), ' */'];
}
