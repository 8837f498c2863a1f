export interface LoginWays {
  readonly password: boolean;
  readonly token: boolean;
}

/** Until the server has said what it takes, and when it cannot: everything. */
const ALL: LoginWays = { password: true, token: true };

export function useMethods(): LoginWays {
  return ALL;
}
