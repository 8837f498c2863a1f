import { useEffect, useState } from 'react';
import { type AuthMethods, createClient } from 'verbatim-agents/client';
import { origin } from '../../keptLogin.ts';

export type LoginWays = Pick<AuthMethods, 'password' | 'token'>;

/** Until the server has said what it takes, and when it cannot: everything. */
const ALL: LoginWays = { password: true, token: true };

export function useMethods(): LoginWays {
  const [ways, setWays] = useState(ALL);
  useEffect(() => {
    let isOver = false;
    // By requests: nobody gets a socket without a token.
    const client = createClient({ url: origin, transport: 'sse' });
    client.trpc.auth.methods.query().then(
      (methods) => isOver || setWays(methods.password || methods.token ? methods : ALL),
      () => {}, // The login itself says what is wrong.
    );
    return () => {
      isOver = true;
      void client.close();
    };
  }, []);
  return ways;
}
