/** What an error that the server logs is about: ids, and the module that says so. */
export type ErrorContext = Readonly<Record<string, unknown>>;

/** Told of each error that is logged: words without secrets and content, as they are logged. What it throws is logged, and no more. */
export type OnError = (error: Error, context: ErrorContext) => void;
