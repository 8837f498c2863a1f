import type { ModelOutput } from '../model.ts';

/** Instructions that ask for an answer of a schema in words, for a provider that cannot be asked otherwise. */
export function withOutputInWords(instructions: string, output: ModelOutput): string {
  const asked = `Answer with one JSON value and nothing else: no words around it, no code fence. It must fit this JSON Schema:\n${JSON.stringify(output.schema)}`;
  return instructions === '' ? asked : `${instructions}\n\n${asked}`;
}
