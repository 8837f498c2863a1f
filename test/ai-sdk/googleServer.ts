import { googleProblems } from '../agents/providerRules/googleRules.ts';
import { type SseServer, startSseServer } from './sseServer.ts';

type Part = Readonly<Record<string, unknown>>;

/** A server of Google's streamGenerateContent, which refuses what the real one would. */
export function startGoogleServer(script: Parameters<typeof startSseServer>[0]): Promise<SseServer> {
  return startSseServer(script, {
    nameEvents: false,
    refuse({ url, headers, body }) {
      const isKnown = /^\/v1beta\/models\/[\w.-]+:streamGenerateContent\?alt=sse$/.test(url) && headers['x-goog-api-key'] === 'sk-secret';
      const problems = isKnown ? googleProblems(body) : [`There is no ${url} for this key`];
      return problems.length === 0 ? undefined : { status: 400, body: googleError(400, 'INVALID_ARGUMENT', problems.join('; ')) };
    },
  });
}

export const googleError = (code: number, status: string, message = 'Scripted'): Part => ({ error: { code, status, message } });

export interface GoogleEnd {
  readonly finishReason?: string;
  readonly usage?: Readonly<Record<string, number>>;
}

/** The chunks of one answer, a part in each. */
export function googleChunks(parts: readonly Part[], { finishReason = 'STOP', usage }: GoogleEnd = {}): Part[] {
  const usageMetadata = { promptTokenCount: 11, candidatesTokenCount: 5, totalTokenCount: 16, ...usage };
  return [
    ...parts.map((part) => ({ candidates: [{ index: 0, content: { role: 'model', parts: [part] } }] })),
    { candidates: [{ index: 0, content: { role: 'model', parts: [{ text: '' }] }, finishReason }], usageMetadata },
  ];
}
