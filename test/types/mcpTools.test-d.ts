import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, type InferApi } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { type McpTools, mcpTools } from '../../src/mcp/index.ts';
import type { EventOfApi } from '../../src/protocol/contract.ts';
import type { Json, JsonObject } from '../../src/protocol/json.ts';
import { scriptedModel } from '../../src/testing/index.ts';

declare const github: McpTools<'github'>;
const lookup = defineTool({
  name: 'lookup',
  description: '',
  input: z.object({ id: z.string() }),
  output: z.object({ total: z.number() }),
  execute: () => ({ total: 1 }),
});
const agents = {
  listed: defineAgent({ description: '', model: scriptedModel([]), tools: [lookup, ...github.tools()] }),
  chosen: defineAgent({ description: '', model: scriptedModel([]), tools: () => [lookup, ...github.tools()] }),
};
type Api = InferApi<typeof agents>;

test("the tools of a server leave the types of an agent's own as they are", () => {
  const look = (event: EventOfApi<Api>): void => {
    if (event.type === 'tool.called' && event.tool === 'lookup') expectTypeOf(event.input).toEqualTypeOf<{ id: string }>();
    if (event.type === 'tool.completed' && event.tool === 'lookup') expectTypeOf(event.output).toEqualTypeOf<{ total: number }>();
    if (event.type === 'tool.called' && event.tool === 'github__create_issue') expectTypeOf(event.input).toEqualTypeOf<JsonObject>();
    if (event.type === 'tool.completed' && event.tool === 'github__create_issue') expectTypeOf(event.output).toEqualTypeOf<Json>();
    // @ts-expect-error: no tool is named so
    if (event.type === 'tool.called' && event.tool === 'look_up') look(event);
  };
  expectTypeOf(look).toBeFunction();
});

test('the name of a server is in the names of its tools', () => {
  expectTypeOf(mcpTools<'github'>).returns.resolves.toEqualTypeOf<McpTools<'github'>>();
  expectTypeOf(github.tools).returns.items.toHaveProperty('name').toEqualTypeOf<`github__${string}`>();
});

test('a server is behind a URL or a command, and has a name', () => {
  // @ts-expect-error: neither
  void (() => mcpTools({ name: 'a' }));
  // @ts-expect-error: no name
  void (() => mcpTools({ url: 'http://127.0.0.1/' }));
  void (() => mcpTools({ name: 'a', command: 'node', needsApproval: (input, { principal }) => input.path !== principal.id }));
});
