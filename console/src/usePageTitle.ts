import { useEffect } from 'react';
import { strings } from './strings.ts';

const { pages } = strings;
const TITLES: Readonly<Record<string, string>> = {
  threads: pages.threads,
  approvals: pages.approvals,
  agents: pages.agents,
  dashboard: pages.dashboard,
  users: pages.users,
  keys: pages.keys,
  connections: pages.connections,
  audit: pages.audit,
  settings: pages.settings,
  account: pages.account,
};

/** Names the document by its page. A thread and a run, each of which has a title of its own, name it themselves. */
export function usePageTitle(path: string): void {
  useEffect(() => {
    const [, page = '', one] = path.split('/');
    if (page === '' || page === 'runs' || (page === 'threads' && one !== undefined)) return;
    const title = Object.hasOwn(TITLES, page) ? TITLES[page] : strings.state.notFoundTitle;
    document.title = [page === 'agents' ? one && readable(one) : undefined, title, strings.app.name].filter(Boolean).join(' · ');
  }, [path]);
}

function readable(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // Whoever typed it wrote a % of their own.
  }
}
