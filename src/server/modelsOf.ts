import type { Model } from '../agents/model.ts';
import type { ServerOptions } from './serverOptions.ts';

/** Every model that the options name: it may hold connections. */
export function modelsOf({ agents, titles }: ServerOptions): readonly Model[] {
  const own = Object.values(agents).flatMap((agent) => {
    if (agent.kind !== 'model') return [];
    const { model, history } = agent;
    return [model, typeof history === 'object' && 'summarize' in history ? history.summarize.model : undefined];
  });
  return [...own, typeof titles === 'object' ? titles.model : undefined].filter((model) => model !== undefined);
}
