import type { Usage } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';

export interface ScriptedCall {
  readonly name: string;
  /** What the model passes to the tool; absent is `{}`. */
  readonly input?: Json;
  /** The arguments as text in the place of `input`, to script what is not valid JSON. */
  readonly arguments?: string;
}

/** A tool that the model's provider carries out. */
export interface ScriptedHostedTool {
  /** Such as `web_search`. */
  readonly tool: string;
  readonly data?: Json;
  readonly failed?: boolean;
}

/** What a model says in one call: first reasoning, then hosted tools, then text, then tool calls. */
export interface ScriptedTurn {
  readonly reasoning?: string;
  /** Not on Chat Completions, which has none. */
  readonly hostedTools?: readonly ScriptedHostedTool[];
  readonly text?: string;
  readonly toolCalls?: readonly ScriptedCall[];
  /** Into how many pieces the text is cut (default 1, never inside a character), or the pieces themselves, which then are the text. */
  readonly chunks?: number | readonly string[];
  /** Time before each piece of reasoning and text, and before the end. Default 0. */
  readonly delayMs?: number;
  /** Nothing comes before this resolves. */
  readonly waitFor?: PromiseLike<unknown>;
  /** Reasoning and text come, and the end only when this resolves. */
  readonly until?: PromiseLike<unknown>;
  /** Why the turn ends. Default: `tool_calls` when there are any, else `stop`. */
  readonly finish?: 'stop' | 'tool_calls' | 'length' | 'filtered' | 'incomplete';
  /** What the provider reports. Default: estimated from the texts; `null` for no report. */
  readonly usage?: Usage | null;
}

/** The text of a turn in the pieces it is sent in; none is empty. */
export function piecesOf({ text = '', chunks = 1 }: ScriptedTurn): readonly string[] {
  if (typeof chunks !== 'number') return chunks.filter((piece) => piece !== '');
  const characters = Array.from(text);
  const count = Math.min(Math.max(1, chunks), characters.length);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * characters.length) / count);
    return characters.slice(from, Math.floor(((i + 1) * characters.length) / count)).join('');
  });
}

export function argumentsOf(call: ScriptedCall): string {
  return call.arguments ?? JSON.stringify(call.input ?? {});
}

export function usageOf(turn: ScriptedTurn, inputLength: number): Usage | undefined {
  if (turn.usage !== undefined) return turn.usage ?? undefined;
  const said = `${turn.reasoning ?? ''}${piecesOf(turn).join('')}${(turn.toolCalls ?? []).map(argumentsOf).join('')}`;
  return { inputTokens: Math.ceil(inputLength / 4), outputTokens: Math.ceil(said.length / 4) };
}

/** A step in few words, for messages about scripts. */
export function describeTurn(turn: object): string {
  const parts = Object.entries(turn)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${(JSON.stringify(value) ?? 'function').slice(0, 60)}`);
  return `{ ${parts.join(', ')} }`;
}
