/** Instructions for a model that its provider cannot hold to a schema: it is asked for JSON in words. */
export function withOutputInstructions(instructions: string, schema: object): string {
  const asked = `Answer with JSON alone, without a code block or any other word, that fits this JSON Schema:\n${JSON.stringify(schema)}`;
  return instructions === '' ? asked : `${instructions}\n\n${asked}`;
}
