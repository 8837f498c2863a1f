import pino, { type Logger } from 'pino';

/** Lines for people, on a terminal. How much is said is the server's to decide. */
export async function prettyLogger(): Promise<Logger> {
  const { default: pretty } = await import('pino-pretty');
  return pino(
    { level: 'debug', base: null },
    pretty({ destination: 2, sync: true, colorize: true, ignore: 'module', messageFormat: '{module}: {msg}' }),
  );
}
