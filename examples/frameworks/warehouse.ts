import { defineTool } from 'verbatim-agents';
import { z } from 'zod';

const item = z.object({ item: z.string() });

/** What a framework's tool calls. The signal is the framework's: it aborts when the run is cancelled. */
export async function askWarehouse({ item }: { readonly item: string }, signal?: AbortSignal) {
  const url = `${process.env.WAREHOUSE_URL}/stock/${encodeURIComponent(item)}`;
  const response = await fetch(url, { ...(signal && { signal }) });
  return { item, count: Number(await response.text()) };
}

/** The tool as Verbatim's events tell of it: inputs and outputs are checked, and typed for the client. The framework carries it out. */
export const checkStock = defineTool({
  name: 'check_stock',
  description: 'Says how many of an item are in stock',
  input: item,
  output: z.object({ item: z.string(), count: z.number() }),
  execute: (input, { signal }) => askWarehouse(input, signal),
});

export const checkStockInput = item;
