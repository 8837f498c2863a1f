import { z } from 'zod';
import type { Contract } from '../../agents/contractOf.ts';

const jsonSchema = z.record(z.string(), z.json());
const names = z.array(z.string()).optional();
const yes = z.literal(true).optional();

const contractSchema = z.object({
  verbatim: z.literal(1),
  agents: z.record(
    z.string(),
    z.object({
      description: z.string(),
      kind: z.enum(['model', 'custom', 'router']),
      internal: yes,
      tools: z.record(
        z.string(),
        z.object({
          description: z.string(),
          kind: z.enum(['execute', 'client', 'agents']),
          input: jsonSchema,
          output: jsonSchema,
          progress: jsonSchema.optional(),
          approval: yes,
          asks: names,
          many: yes,
        }),
      ),
      toolsVary: yes,
      data: z.record(z.string(), jsonSchema),
      context: jsonSchema.optional(),
      contextOptional: yes,
      output: jsonSchema.optional(),
      others: names,
    }),
  ),
});

/** A contract as an earlier run wrote it; undefined for what is none. */
export function storedContract(value: unknown): Contract | undefined {
  const { success, data } = contractSchema.safeParse(value);
  // The edge: an optional field of zod may also be undefined, which JSON has not.
  return success ? (data as Contract) : undefined;
}
