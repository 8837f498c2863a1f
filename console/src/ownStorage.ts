/** What somebody has written and not sent is of this tab, and of that user alone. */
const PREFIX = 'verbatim.own';

export interface Owner {
  readonly id: string;
  readonly tenant?: string;
}

/** A part of the tab's storage that another user does not see. Throws nothing: what does not fit is not kept. */
export function ownStorage({ tenant, id }: Owner): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const own = (key: string): string => `${PREFIX}.${JSON.stringify([tenant ?? null, id])}.${key}`;
  return {
    getItem: (key) => sessionStorage.getItem(own(key)),
    removeItem: (key) => sessionStorage.removeItem(own(key)),
    setItem(key, value) {
      try {
        sessionStorage.setItem(own(key), value);
      } catch {
        // Full: it is still on the page.
      }
    },
  };
}

/** Somebody has logged out: of whoever used this tab nothing is left. */
export function forgetOwn(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}
