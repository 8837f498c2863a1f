import { cosineSimilarity, type Embeddings, type Vector } from './embeddings/embeddings.ts';
import { abortable } from './models/abortable.ts';

const DEFAULT_MIN_SCORE = 0.3;
const MAX_QUOTED = 60;

export interface SemanticRouteOptions<Name extends string> {
  readonly embeddings: Embeddings;
  /** What people say to each agent. A handful for each; the nearest one counts. */
  readonly examples: { readonly [Agent in Name]: readonly string[] };
  /** Nearness, from 0 to 1, that the nearest example must have. What is near depends on the embeddings. Default 0.3. */
  readonly minScore?: number;
}

/**
 * Makes a `route` for a router: the agent whose example is nearest to the text. Undefined when none is near enough, so that the router falls
 * back. The examples are embedded once, at the first text; a failure is the caller's, and the next text tries again.
 */
export function semanticRoute<const Name extends string>({
  embeddings,
  examples,
  minScore = DEFAULT_MIN_SCORE,
}: SemanticRouteOptions<Name>) {
  // Object.entries knows the keys as texts; they are the names that were given.
  const named = (Object.entries(examples) as [Name, readonly string[]][]).flatMap(([agent, texts]) =>
    texts.map((text) => ({ agent, text })),
  );
  if (named.length === 0) throw new TypeError('semanticRoute needs an example for at least one agent.');
  let known: Promise<readonly Vector[]> | undefined;

  /** For all texts: one that is given up must not end it for the others. */
  const exampleVectors = (): Promise<readonly Vector[]> => {
    known ??= embeddings
      .embed(
        named.map(({ text }) => text),
        { signal: new AbortController().signal },
      )
      .then(
        ({ vectors }) => vectors,
        (cause) => {
          known = undefined;
          throw cause;
        },
      );
    return known;
  };

  return async ({
    text,
    signal,
  }: {
    readonly text: string;
    readonly signal: AbortSignal;
  }): Promise<{ readonly to: Name; readonly reason: string } | undefined> => {
    if (text.trim() === '') return undefined;
    const [vectors, said] = await abortable(Promise.all([exampleVectors(), embeddings.embed([text], { signal })]), signal);
    const [asked] = said.vectors;
    let nearest: { readonly agent: Name; readonly text: string; readonly score: number } | undefined;
    for (const [index, example] of named.entries()) {
      const vector = vectors[index];
      if (vector === undefined || asked === undefined) continue;
      const score = cosineSimilarity(asked, vector);
      if (score >= minScore && score > (nearest?.score ?? Number.NEGATIVE_INFINITY)) nearest = { ...example, score };
    }
    if (nearest === undefined) return undefined;
    const quoted = nearest.text.length > MAX_QUOTED ? `${nearest.text.slice(0, MAX_QUOTED).toWellFormed()}...` : nearest.text;
    return { to: nearest.agent, reason: `near to "${quoted}" (${nearest.score.toFixed(2)})` };
  };
}
