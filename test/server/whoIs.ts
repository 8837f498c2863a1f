import type { WhoAmI } from '../../src/protocol/whoAmI.ts';
import { openRaw } from '../support/rawSocket.ts';

/** Who a caller is over HTTP: what `auth.whoami` answers, or the status and the code of the refusal. */
export async function whoIs(url: string, headers: Readonly<Record<string, string>> = {}, query = ''): Promise<WhoAmI | string> {
  const response = await fetch(`${url}/trpc/auth.whoami${query}`, { headers });
  const body = await response.json();
  return response.ok ? body.result.data.json : `${response.status} ${body.error.json.data.reason}`;
}

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });

/** The same over a WebSocket: the code with which it is closed when it is refused. */
export async function whoIsOnSocket(options: Parameters<typeof openRaw>[0]): Promise<WhoAmI | number> {
  const socket = await openRaw(options);
  const id = socket.request('query', 'auth.whoami');
  const answer = socket.answer(id).then(({ result }) => result?.data?.json as WhoAmI);
  const closed = socket.closed.then(({ code }) => code);
  // The one that does not come fails when the test is over.
  answer.catch(() => {});
  return Promise.race([answer, closed]);
}
