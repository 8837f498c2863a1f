import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EventDraft, Usage } from '../../protocol/event.ts';
import type { EndedCall, EndedRun } from '../../protocol/observer.ts';
import { BoundedNames } from './boundedNames.ts';
import type { Listener } from './observers.ts';

/** Time series of one metric that names may make, for each kind of name. */
export const MAX_NAMES = 100;

const FAST = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const CALLS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const SPEECH = [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120];
const WORK = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1_800];
const BATCHES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/** Refusals that are somebody's own doing, and of no use to count as such. */
const REFUSALS: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'NOT_ALLOWED',
  'RATE_LIMITED',
  'QUOTA_EXCEEDED',
  'QUEUE_FULL',
  'SERVER_FULL',
  'TOO_MANY_SUBSCRIPTIONS',
  'FRAME_TOO_BIG',
  'FILE_TOO_LARGE',
]);

/** Counts what a server does, by names that are bounded. `registry` is its own: two servers of a process do not mix. */
export class Metrics {
  readonly registry = new Registry();
  readonly #agents = new BoundedNames(MAX_NAMES);
  readonly #models = new BoundedNames(MAX_NAMES);
  readonly #tools = new BoundedNames(MAX_NAMES);
  readonly #guards = new BoundedNames(MAX_NAMES);
  readonly #reasons = new BoundedNames(MAX_NAMES);

  readonly #requests = this.#histogram(
    'request_duration_seconds',
    'Calls of the API until they were answered.',
    CALLS,
    'procedure',
    'transport',
    'code',
  );
  readonly #http = this.#histogram('http_request_duration_seconds', 'Requests to other paths.', CALLS, 'route', 'method', 'status');
  readonly #refusals = this.#counter('refusals_total', 'What was refused, by the limit or the reason.', 'reason');
  readonly #failedLogins = this.#counter('failed_logins_total', 'Tokens and passwords that were not good.', 'method');
  readonly #opened = this.#counter('connections_opened_total', 'Sockets and streams that were opened.', 'transport');
  readonly #closed = this.#counter('connections_closed_total', 'Sockets and streams that were closed, by close code.', 'transport', 'code');
  readonly #sends = this.#counter('sends_total', 'Messages that were accepted.', 'disposition');
  readonly #runs = this.#counter('runs_total', 'Runs that have ended.', 'agent', 'status', 'code');
  readonly #runTimes = this.#histogram('run_duration_seconds', 'Runs from their start to their end.', WORK, 'agent', 'status');
  readonly #resumed = this.#counter('runs_resumed_total', 'Attempts that went on with a run.', 'reason');
  readonly #firstToken = this.#histogram('time_to_first_token_seconds', 'From a message to the first word of its answer.', SPEECH, 'agent');
  readonly #modelCalls = this.#histogram('model_call_duration_seconds', 'Model calls, whole.', WORK, 'model', 'code');
  readonly #modelFirst = this.#histogram('model_time_to_first_token_seconds', 'From a model call to its first token.', SPEECH, 'model');
  readonly #tokens = this.#counter('tokens_total', 'Tokens of runs that have ended.', 'model', 'kind');
  readonly #cost = this.#counter('cost_total', 'Cost of runs that have ended, in the currency of the prices.', 'model');
  readonly #toolCalls = this.#histogram('tool_call_duration_seconds', 'Tool calls, with their retries.', WORK, 'tool', 'code');
  readonly #retries = this.#counter('model_retries_total', 'Attempts at a model call after the first.', 'model', 'code');
  readonly #circuits = this.#gauge('model_circuit_open', '1 while a model is left alone because it kept failing.', 'model');
  readonly #cacheReads = this.#counter('cache_reads_total', 'Looks into a cache.', 'cache', 'result');
  readonly #verdicts = this.#counter('guard_verdicts_total', 'What guards said.', 'guard', 'stage', 'verdict');
  readonly #approvals = this.#counter('approvals_total', 'Approvals that were asked for and decided.', 'decision');
  readonly #batch = this.#histogram('commit_batch_writes', 'Writes that shared one commit.', BATCHES);
  readonly #commit = this.#histogram('commit_duration_seconds', 'Commits.', FAST);
  readonly #delivery = this.#histogram('delivery_lag_seconds', 'From a commit to the sockets of those who read along.', FAST);

  readonly listener: Listener = {
    sent: (disposition) => this.#sends.inc({ disposition }),
    appended: (event) => this.#appended(event),
    runEnded: (run) => this.#runEnded(run),
    firstToken: (agent, ms) => this.#firstToken.observe({ agent: this.#agents.of(agent) }, ms / 1_000),
    modelCalled: ({ model, ms, firstMs, code = 'OK' }) => {
      const name = this.#models.of(model);
      this.#modelCalls.observe({ model: name, code }, ms / 1_000);
      if (firstMs !== undefined) this.#modelFirst.observe({ model: name }, firstMs / 1_000);
    },
    toolCalled: ({ tool, ms, code = 'OK' }) => this.#toolCalls.observe({ tool: this.#tools.of(tool), code }, ms / 1_000),
    committed: (writes, ms) => {
      this.#batch.observe(writes);
      this.#commit.observe(ms / 1_000);
    },
    delivered: (ms) => this.#delivery.observe(ms / 1_000),
    callEnded: (call) => this.#callEnded(call),
    requestEnded: ({ route, method, status, ms }) => this.#http.observe({ route, method, status }, ms / 1_000),
    refused: (reason) => this.#refusals.inc({ reason: this.#reasons.of(reason) }),
    loginFailed: (method) => this.#failedLogins.inc({ method: this.#reasons.of(method) }),
    connectionOpened: ({ transport }) => this.#opened.inc({ transport }),
    connectionClosed: ({ transport, code }) => this.#closed.inc({ transport, code: closeCode(code) }),
    retried: (what, code) => this.#retries.inc({ model: this.#models.of(nameIn(what)), code }),
    circuit: (what, isOpen) => this.#circuits.set({ model: this.#models.of(nameIn(what)) }, isOpen ? 1 : 0),
    cacheRead: (cache, hit) => this.#cacheReads.inc({ cache, result: hit ? 'hit' : 'miss' }),
  };

  #appended(event: EventDraft): void {
    switch (event.type) {
      case 'guard.verdict':
        return this.#verdicts.inc({ guard: this.#guards.of(event.guard), stage: event.stage, verdict: event.verdict });
      case 'approval.requested':
        return this.#approvals.inc({ decision: 'requested' });
      case 'approval.resolved':
        return this.#approvals.inc({ decision: event.decision });
      case 'run.resumed':
        return this.#resumed.inc({ reason: event.reason });
    }
  }

  #runEnded({ agent, status, code, workMs, usage, isRoot }: EndedRun): void {
    const name = this.#agents.of(agent);
    this.#runs.inc({ agent: name, status, code: code ?? 'OK' });
    if (workMs !== undefined) this.#runTimes.observe({ agent: name, status }, workMs / 1_000);
    // A root's has that of the runs under it.
    if (isRoot) for (const [model, used] of Object.entries(usage.models ?? {})) this.#used(this.#models.of(model), used);
  }

  #used(model: string, { inputTokens, outputTokens, cachedTokens = 0, reasoningTokens = 0, cost = 0 }: Omit<Usage, 'models'>): void {
    this.#tokens.inc({ model, kind: 'input' }, inputTokens);
    this.#tokens.inc({ model, kind: 'output' }, outputTokens);
    this.#tokens.inc({ model, kind: 'cached' }, cachedTokens);
    this.#tokens.inc({ model, kind: 'reasoning' }, reasoningTokens);
    this.#cost.inc({ model }, cost);
  }

  #callEnded({ path, transport, code, ms, limit }: EndedCall): void {
    this.#requests.observe({ procedure: path, transport, code }, ms / 1_000);
    if (REFUSALS.has(code)) this.#refusals.inc({ reason: this.#reasons.of(limit ?? code) });
    if (code === 'UNAUTHENTICATED' && path === 'auth.login') this.#failedLogins.inc({ method: 'password' });
  }

  #counter<Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `verbatim_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge<Label extends string>(name: string, help: string, ...labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name: `verbatim_${name}`, help, labelNames, registers: [this.registry] });
  }

  #histogram<Label extends string>(name: string, help: string, buckets: number[], ...labelNames: Label[]): Histogram<Label> {
    return new Histogram({ name: `verbatim_${name}`, help, buckets, labelNames, registers: [this.registry] });
  }
}

/** Of a name for people, such as `The model "gpt-5-mini"`, what it names. */
function nameIn(what: string): string {
  return /"(.+)"/.exec(what)?.[1] ?? what;
}

/** Clients may close with any code of their own. */
function closeCode(code: number | undefined): string {
  if (code === undefined) return 'none';
  return code < 3_000 || (code >= 4_400 && code < 4_500) || code === 4_000 ? String(code) : 'other';
}
