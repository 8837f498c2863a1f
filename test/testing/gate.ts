export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

/** A promise that a test resolves when it likes. */
export function closedGate(): Gate {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
