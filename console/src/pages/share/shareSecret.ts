/** Of one tab: a link that was opened is open after a reload, too. */
const SECRET_KEY = 'verbatim.share';

/**
 * Takes the secret of a share link out of the address bar, where it would be seen, kept in the history and sent on by whoever copies the address.
 * Undefined where no link was opened in this tab.
 */
export function takeShareSecret(): string | undefined {
  const { hash, pathname, search } = window.location;
  if (hash.length > 1) {
    sessionStorage.setItem(SECRET_KEY, decoded(hash.slice(1)));
    window.history.replaceState(window.history.state, '', pathname + search);
  }
  return sessionStorage.getItem(SECRET_KEY) ?? undefined;
}

/** Whoever uses the tab next has not opened the link. */
export function forgetShareSecret(): void {
  sessionStorage.removeItem(SECRET_KEY);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // As it came: the server says that there is no such link.
  }
}
