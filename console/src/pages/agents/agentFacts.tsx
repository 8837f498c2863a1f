import type { ReactNode } from 'react';
import type { AgentInfo, HistoryInfo } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { formatCost, formatCount } from '../../ui/formats.ts';
import { formatLimit } from './formatLimit.ts';

type Fact = readonly [name: string, value: ReactNode];

const text = strings.agents;

export function agentFacts({ kind, models, history, scopes }: AgentInfo): readonly Fact[] {
  const [first, ...others] = models ?? [];
  return [
    [text.models, first === undefined ? kind === 'model' && text.modelVaries : <code key="model">{first}</code>],
    [text.standIns, others.length > 0 && <code key="models">{others.join(', ')}</code>],
    [text.history, history !== undefined && historyText(history)],
    [text.scopes, scopes?.join(', ')],
  ];
}

/** What it has in the place of the server's limits. */
export function limitFacts({ limits = {} }: AgentInfo): readonly Fact[] {
  const { maxSteps, stepTimeoutMs, runTimeoutMs, maxOutputTokens, budget } = limits;
  return [
    [text.limit.maxSteps, maxSteps],
    [text.limit.stepTimeoutMs, stepTimeoutMs && formatLimit(stepTimeoutMs)],
    [text.limit.runTimeoutMs, runTimeoutMs && formatLimit(runTimeoutMs)],
    [text.limit.maxOutputTokens, maxOutputTokens && formatCount(maxOutputTokens)],
    [text.limit.maxTokens, budget?.maxTokens && formatCount(budget.maxTokens)],
    [text.limit.budgetSteps, budget?.maxSteps],
    [text.limit.budgetTime, budget?.maxDurationMs && formatLimit(budget.maxDurationMs)],
    [text.limit.maxCost, budget?.maxCost && formatCost(budget.maxCost)],
  ];
}

function historyText(history: HistoryInfo): string {
  if (history === 'all') return text.histories.all;
  if ('last' in history) return text.histories.last(history.last);
  if ('maxTokens' in history) return text.histories.maxTokens(formatCount(history.maxTokens));
  const { maxTokens, keepTokens, model } = history.summarize;
  return text.histories.summarize(formatCount(maxTokens), formatCount(keepTokens), model);
}
