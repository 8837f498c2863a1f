/** What an adapter kept of an answer besides its text and its calls, and where those stood. */
export type KeptPart<Part> =
  /** Sent only with what it led to: providers refuse reasoning without it. */
  | { readonly kind: 'reasoning'; readonly part: Part }
  | { readonly kind: 'text' }
  | { readonly kind: 'call'; readonly place: number }
  | { readonly kind: 'other'; readonly part: Part }
  /** Something stood there that cannot be sent: the reasoning before it goes too. */
  | { readonly kind: 'gap' };

/**
 * An answer in the order in which the model wrote it. The transcript rules: what it no longer has is left out, of a call with the reasoning before it;
 * a text without a place comes first, where it parts no reasoning from what it led to, and calls without one come last.
 */
export function inAnswerOrder<Part>(
  kept: readonly KeptPart<Part>[],
  { text, calls }: { readonly text: Part | undefined; readonly calls: readonly Part[] },
): Part[] {
  const places = kept.flatMap((item) => (item.kind === 'call' ? [item.place] : []));
  // Kept of another answer: results stand in the order of the transcript's calls, and Google demands that calls do too.
  if (places.some((place, index) => place !== index)) return [...(text === undefined ? [] : [text]), ...calls];
  const parts: Part[] = [];
  const unsent = new Set([...(text === undefined ? [] : [text]), ...calls]);
  let reasoning: Part[] = [];
  const put = (part: Part | undefined): void => {
    if (part !== undefined && unsent.delete(part)) parts.push(...reasoning, part);
    reasoning = [];
  };
  for (const item of kept) {
    switch (item.kind) {
      case 'reasoning':
        reasoning.push(item.part);
        break;
      case 'text':
        // A text that is blank is not sent. What comes next takes its reasoning, or a model that wrote a line break would lose it.
        if (text !== undefined) put(text);
        break;
      case 'call':
        put(calls[item.place]);
        break;
      case 'other':
        parts.push(...reasoning, item.part);
        reasoning = [];
        break;
      case 'gap':
        reasoning = [];
    }
  }
  return [...(text !== undefined && unsent.delete(text) ? [text] : []), ...parts, ...unsent];
}
