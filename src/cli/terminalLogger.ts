import pino, { type Logger } from 'pino';

/** The log on stderr: lines for people on a terminal, JSON elsewhere. `clean` gets each line before it is written. How much is said is the server's to decide. */
export async function terminalLogger(clean: (line: string) => string): Promise<Logger> {
  const hooks = { streamWrite: clean };
  if (!process.stderr.isTTY) {
    return pino({ level: 'debug', base: { pid: process.pid }, hooks }, pino.destination({ fd: 2, sync: true }));
  }
  const { default: pretty } = await import('pino-pretty');
  const lines = pretty({ destination: 2, sync: true, colorize: true, ignore: 'module', messageFormat: '{module}: {msg}' });
  return pino({ level: 'debug', base: null, hooks }, lines);
}
