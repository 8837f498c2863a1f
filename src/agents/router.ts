/** The agent that is to answer, and why: both are told to readers. */
export interface RouteChoice {
  readonly to: string;
  readonly reason: string;
}
