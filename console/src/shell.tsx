import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useAccess } from './access.tsx';
import { ConnectionLine } from './connectionLine.tsx';
import { OpenApprovals } from './openApprovals.tsx';
import { strings } from './strings.ts';
import { ThemeChoice } from './themeChoice.tsx';
import { usePageTitle } from './usePageTitle.ts';
import './shell.css';

const PAGES: readonly (readonly [href: string, title: string])[] = [
  ['/', strings.pages.chat],
  ['/threads', strings.pages.threads],
  ['/approvals', strings.pages.approvals],
  ['/agents', strings.pages.agents],
];

/** For administrators. */
const ADMIN_PAGES: readonly (readonly [href: string, title: string])[] = [
  ['/dashboard', strings.pages.dashboard],
  ['/users', strings.pages.users],
  ['/keys', strings.pages.keys],
  ['/connections', strings.pages.connections],
  ['/audit', strings.pages.audit],
  ['/settings', strings.pages.settings],
];

/** What stands around every page: the way to the others, who is logged in, and how the connection is. */
export function Shell({ children }: { readonly children: ReactNode }): ReactNode {
  const { isAdmin, me, hasLogin, loginName, leave } = useAccess();
  const [path] = useLocation();
  const [isOpen, setOpen] = useState(false);
  usePageTitle(path);
  const main = useRef<HTMLElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu.
  useEffect(() => setOpen(false), [path]);

  return (
    <div className="shell">
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        {strings.app.skip}
      </button>
      <header className="shell-side" data-open={isOpen}>
        <div className="shell-top">
          <Link href="/" className="shell-name">
            {strings.app.name}
          </Link>
          <button
            type="button"
            className="button quiet shell-menu"
            aria-expanded={isOpen}
            aria-controls="pages"
            onClick={() => setOpen(!isOpen)}
          >
            {strings.app.menu}
          </button>
        </div>
        <nav id="pages" className="shell-pages" aria-label={strings.app.navigation}>
          {[...PAGES, ...(isAdmin ? ADMIN_PAGES : [])].map(([href, title]) => (
            <Link key={href} href={href} aria-current={isAt(path, href) ? 'page' : undefined}>
              {title}
              {href === '/approvals' && <OpenApprovals isInbox={path === href} />}
            </Link>
          ))}
        </nav>
        <ConnectionLine />
        <div className="shell-foot">
          <ThemeChoice />
          {hasLogin && (
            <p className="shell-me">
              <Link href="/account" title={me.id}>
                {loginName || me.id}
              </Link>
              <button type="button" className="button quiet" onClick={() => void leave()}>
                {strings.login.logOut}
              </button>
            </p>
          )}
        </div>
      </header>
      <main id="content" ref={main} tabIndex={-1} className="shell-main">
        {children}
      </main>
    </div>
  );
}

/** A thread is open in the chat. */
function isAt(path: string, href: string): boolean {
  if (href === '/') return path === '/' || path.startsWith('/threads/');
  return path === href || (href !== '/threads' && path.startsWith(`${href}/`));
}
