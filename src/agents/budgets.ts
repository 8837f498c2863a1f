import type { Spending } from '../db/operations/spending.ts';
import type { RunStore } from '../db/runStore.ts';
import type { RunRow } from '../db/runs.ts';
import { type Budget, budgetExceeded, type DayBudget, quotaExceeded, tighter } from '../protocol/budget.ts';
import type { Usage } from '../protocol/event.ts';
import type { Principal } from '../protocol/principal.ts';
import { type ModelPrice, type Prices, priceOf } from '../protocol/usage.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { AgentRegistry } from './agentRegistry.ts';
import { UNITS_PER_TOKEN } from './estimateUsage.ts';

export interface BudgetsOptions {
  readonly store: Pick<RunStore, 'spending' | 'usedToday'>;
  readonly registry: AgentRegistry;
  readonly prices: Prices | undefined;
  /** Undefined for a principal without any. */
  readonly dayBudget: (principal: Principal) => DayBudget | undefined;
}

interface Amount {
  tokens: number;
  cost: number;
  steps: number;
}

/** What is counted against one budget while model calls under it are at work: the database knows of a call only when it is over. */
interface Ledger extends Amount {
  readonly budget: Budget;
  readonly exceeded: (name: keyof Budget, max: number) => VerbatimError;
  calls: number;
}

/** Every budget that counts at this moment. Calls that are at work at once, such as those of parallel agents, share what they are under. */
export class Budgets {
  readonly #options: BudgetsOptions;
  readonly #ledgers = new Map<string, Ledger>();

  constructor(options: BudgetsOptions) {
    this.#options = options;
  }

  /** When a run under these budgets must have ended, by the tightest; undefined for never. Epoch milliseconds. */
  async deadlineOf(run: RunRow): Promise<{ readonly at: number; readonly error: VerbatimError } | undefined> {
    const limited = (await this.#linesOf(run)).flatMap(({ spending, budget: { maxDurationMs } }) =>
      maxDurationMs === undefined || spending.startedAt === null ? [] : [{ at: spending.startedAt + maxDurationMs, max: maxDurationMs }],
    );
    const [first] = limited.sort((a, b) => a.at - b.at);
    return first === undefined ? undefined : { at: first.at, error: budgetExceeded('maxDurationMs', first.max) };
  }

  /**
   * Begins to count a model call of about so many input tokens; undefined where there is no budget. Throws `BUDGET_EXCEEDED` or `QUOTA_EXCEEDED`
   * when there is no room for it. `end` it.
   */
  async begin(
    run: RunRow,
    { model, inputTokens }: { readonly model: string; readonly inputTokens: number },
  ): Promise<BudgetedCall | undefined> {
    const lines = await this.#linesOf(run);
    const day = this.#options.dayBudget(run.principal);
    if (lines.length === 0 && day === undefined) return undefined;
    const price = priceOf(this.#options.prices, model);
    const ledgers = lines.map(({ spending, budget }) =>
      // The step of this call is stored already.
      this.#open(`run ${spending.key}`, { ...spending, steps: spending.steps - 1, budget, exceeded: budgetExceeded }),
    );
    if (day !== undefined) {
      const used = await this.#options.store.usedToday(run.principal);
      ledgers.push(
        this.#open(`day ${used.owner} ${used.day}`, { steps: 0, budget: day, exceeded: quotaExceeded(used.retryAfterMs), ...used }),
      );
    }
    const call = new BudgetedCall(ledgers, { model, price, onEnd: () => this.#close() });
    try {
      call.start(inputTokens);
    } catch (cause) {
      call.end();
      throw cause;
    }
    return call;
  }

  /** For what an agent has used by itself. Throws `BUDGET_EXCEEDED` when that was too much. */
  async assertRoom(run: RunRow): Promise<void> {
    const amounts: Counted[] = (await this.#linesOf(run)).map(({ spending, budget }) => ({
      ...spending,
      budget,
      exceeded: budgetExceeded,
    }));
    const day = this.#options.dayBudget(run.principal);
    if (day !== undefined) {
      const used = await this.#options.store.usedToday(run.principal);
      amounts.push({ ...used, budget: day, exceeded: quotaExceeded(used.retryAfterMs) });
    }
    const error = firstExceeded(amounts);
    if (error !== undefined) throw error;
  }

  async #linesOf(run: RunRow): Promise<readonly { readonly spending: Spending; readonly budget: Budget }[]> {
    const { registry, store } = this.#options;
    // Asking for all of it takes a query or two: most runs have no budget at all.
    if (run.parent === null && tighter(run.budget, registry.get(run.agent)?.budget) === undefined) return [];
    return (await store.spending(run.key)).flatMap((spending) => {
      const budget = tighter(spending.budget, registry.get(spending.agent)?.budget);
      return budget === undefined ? [] : [{ spending, budget }];
    });
  }

  #open(key: string, { tokens, cost, steps, budget, exceeded }: Omit<Ledger, 'calls'>): Ledger {
    const known = this.#ledgers.get(key);
    const ledger = known ?? { tokens, cost, steps, budget, exceeded, calls: 0 };
    if (known === undefined) this.#ledgers.set(key, ledger);
    ledger.calls++;
    return ledger;
  }

  /** Those that nothing counts on any more: the database has it all. */
  #close(): void {
    for (const [key, ledger] of this.#ledgers) if (ledger.calls === 0) this.#ledgers.delete(key);
  }
}

/** One model call under budgets: counted as it goes, by estimate, and by what the model reports at its end. */
export class BudgetedCall {
  readonly #ledgers: readonly Ledger[];
  readonly #options: { readonly model: string; readonly price: ModelPrice | undefined; readonly onEnd: () => void };
  #tokens = 0;
  #cost = 0;
  #ended = false;

  constructor(
    ledgers: readonly Ledger[],
    options: { readonly model: string; readonly price: ModelPrice | undefined; readonly onEnd: () => void },
  ) {
    this.#ledgers = ledgers;
    this.#options = options;
  }

  start(inputTokens: number): void {
    const { model, price } = this.#options;
    for (const ledger of this.#ledgers) {
      ledger.steps++;
      const { maxSteps, maxCost } = ledger.budget;
      if (maxSteps !== undefined && ledger.steps > maxSteps) throw ledger.exceeded('maxSteps', maxSteps);
      if (maxCost !== undefined && price === undefined) {
        const message = `The model ${model} has no price, so a budget with maxCost cannot be kept. Add it to the server's \`prices\`.`;
        throw new VerbatimError('BUDGET_EXCEEDED', message, { details: { limit: 'maxCost', max: maxCost } });
      }
    }
    this.#add(inputTokens, inputTokens * (price?.input ?? 0));
    const exceeded = firstExceeded(this.#ledgers);
    if (exceeded !== undefined) throw exceeded;
  }

  /** Counts text that came, in UTF-16 units. Gives the error when there is no room for more. */
  spend(units: number): VerbatimError | undefined {
    const tokens = units / UNITS_PER_TOKEN;
    this.#add(tokens, tokens * (this.#options.price?.output ?? 0));
    return firstExceeded(this.#ledgers);
  }

  /** What it came to takes the place of what was estimated. */
  report({ inputTokens, outputTokens }: Pick<Usage, 'inputTokens' | 'outputTokens'>): void {
    const { price } = this.#options;
    const cost = inputTokens * (price?.input ?? 0) + outputTokens * (price?.output ?? 0);
    this.#add(inputTokens + outputTokens - this.#tokens, cost - this.#cost * 1e6);
  }

  /** Once the database knows of it. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const ledger of this.#ledgers) ledger.calls--;
    this.#options.onEnd();
  }

  /** `millionths` of the price table's unit. */
  #add(tokens: number, millionths: number): void {
    this.#tokens += tokens;
    this.#cost += millionths / 1e6;
    for (const ledger of this.#ledgers) {
      ledger.tokens += tokens;
      ledger.cost += millionths / 1e6;
    }
  }
}

type Counted = Pick<Ledger, 'tokens' | 'cost' | 'budget' | 'exceeded'>;

/** For the first of them that has used more than it may. */
function firstExceeded(amounts: readonly Counted[]): VerbatimError | undefined {
  for (const { budget, tokens, cost, exceeded } of amounts) {
    const { maxTokens, maxCost } = budget;
    if (maxTokens !== undefined && tokens > maxTokens) return exceeded('maxTokens', maxTokens);
    if (maxCost !== undefined && cost > maxCost) return exceeded('maxCost', maxCost);
  }
  return undefined;
}
