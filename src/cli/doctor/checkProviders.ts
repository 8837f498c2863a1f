import type { ModelEndpoint } from '../../agents/model.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const TIME_LIMIT_MS = 5_000;

export interface ProviderFindings {
  readonly findings: readonly Finding[];
  /** What time it is for those who said so. */
  readonly told: readonly { readonly by: string; readonly theirs: number; readonly ours: number }[];
}

/** Asks each provider of the models once, all at the same time, for something that costs nothing: no prompt is sent. */
export async function checkProviders(endpoints: readonly ModelEndpoint[], timeLimitMs = TIME_LIMIT_MS): Promise<ProviderFindings> {
  const byUrl = new Map(endpoints.map((endpoint) => [endpoint.url, endpoint]));
  if (byUrl.size === 0) return { findings: [ok('providers', 'no model of the configuration needs one, or says where it is')], told: [] };
  const asked = await Promise.all([...byUrl.values()].map((endpoint) => ask(endpoint, timeLimitMs)));
  return { findings: asked.map(({ finding }) => finding), told: asked.flatMap(({ told }) => told ?? []) };
}

async function ask(endpoint: ModelEndpoint, timeLimitMs: number) {
  const { url } = endpoint;
  const host = URL.canParse(url) ? new URL(url).host : url;
  try {
    const { status, date } = await endpoint.ping(AbortSignal.timeout(timeLimitMs));
    const theirs = date === undefined ? Number.NaN : Date.parse(date);
    return { finding: judge(url, status), told: Number.isNaN(theirs) ? [] : [{ by: host, theirs, ours: Date.now() }] };
  } catch (cause) {
    const why = reasonOf(cause, timeLimitMs);
    const remedy = 'Check the base URL, the network, the DNS and the firewall of this machine. Runs fail until it answers.';
    return { finding: problem('provider', `${url} does not answer: ${why}.`, remedy) };
  }
}

function judge(url: string, status: number): Finding {
  if (status === 401 || status === 403) {
    return problem(
      'provider',
      `${url} refuses the key (${status}).`,
      'Check the key, such as OPENAI_API_KEY: it may be missing, revoked or of another account.',
    );
  }
  if (status === 429)
    return warning('provider', `${url} answers that it is asked too much (429).`, 'Look at the account: its quota may be used up.');
  if (status >= 500) return warning('provider', `${url} answers with an error of its own (${status}).`, 'Look at its status page.');
  // Some have no list of models: whatever it is, somebody answered.
  return ok('provider', `${url} answers`);
}

function reasonOf(cause: unknown, timeLimitMs: number): string {
  if (!(cause instanceof Error)) return 'no connection';
  if (cause.name === 'TimeoutError') return `nothing came in ${timeLimitMs} ms`;
  const { code } = cause as NodeJS.ErrnoException;
  return code ?? cause.message;
}
