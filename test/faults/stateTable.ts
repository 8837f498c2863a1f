/** What a run may be at when something happens to it. */
export const STATES = [
  'model streaming',
  'tool running',
  'idempotent tool running',
  'waiting for approval',
  'approval just decided',
  'waiting for a client tool',
  'child running',
  'three in parallel',
  'handing off',
  'guard holding text',
] as const;

/** What happens. Expiry: the time of what goes on, or is waited for, is over. */
export const HAPPENINGS = ['`kill -9`', 'cancel', 'expiry', 'reader gone', 'second answer'] as const;

export type State = (typeof STATES)[number];
export type Happening = (typeof HAPPENINGS)[number];

const GOES_ON = 'goes on; the reader comes back to each event once';
const WAITS_ON = 'waits on; the reader comes back to each event once';
const NO_CALL = '`NOT_FOUND`: nothing was asked; goes on';
const NOT_WAITING = '`NOT_WAITING`: the call is not for others to answer; goes on';

/** What comes of it: the table of PROTOCOL.md, word for word. Each cell is a test by the name of its state and what happens. */
export const STATE_TABLE: { readonly [Of in State]: { readonly [When in Happening]: string } } = {
  'model streaming': {
    '`kill -9`': 'text withdrawn (`interrupted`); the model is asked again',
    cancel: 'ends; text so far is kept',
    expiry: 'fails with `STEP_TIMEOUT`; text so far is kept',
    'reader gone': GOES_ON,
    'second answer': NO_CALL,
  },
  'tool running': {
    '`kill -9`': 'never called again: `OUTCOME_UNKNOWN`, which the model is told',
    cancel: 'the tool hears its signal; call `CANCELLED`, outcome unknown',
    expiry: 'call fails with `TOOL_TIMEOUT`, which the model is told',
    'reader gone': GOES_ON,
    'second answer': NOT_WAITING,
  },
  'idempotent tool running': {
    '`kill -9`': 'called again with the same `callId`',
    cancel: 'the tool hears its signal; call `CANCELLED`, outcome unknown',
    expiry: 'call fails with `TOOL_TIMEOUT`, which the model is told',
    'reader gone': GOES_ON,
    'second answer': NOT_WAITING,
  },
  'waiting for approval': {
    '`kill -9`': 'waits on, as the same attempt; a decision counts',
    cancel: 'ends at once; approval `withdrawn`, call `CANCELLED`, not carried out',
    expiry: 'approval `expired`, call `TOOL_EXPIRED`, which the model is told',
    'reader gone': WAITS_ON,
    'second answer': '`ALREADY_DECIDED`, with what was decided; the first one counts',
  },
  'approval just decided': {
    '`kill -9`': 'the decision stands; the call is made, once',
    cancel: 'ends; call `CANCELLED`, not carried out',
    expiry: 'a decided call does not expire; it is made',
    'reader gone': GOES_ON,
    'second answer': '`ALREADY_DECIDED`, with what was decided; the call is made once',
  },
  'waiting for a client tool': {
    '`kill -9`': 'waits on, as the same attempt; a result counts',
    cancel: 'ends at once; call `OUTCOME_UNKNOWN`: the client may have begun',
    expiry: 'call `TOOL_EXPIRED`, outcome unknown, which the model is told',
    'reader gone': WAITS_ON,
    'second answer': '`ALREADY_ANSWERED`; the first one counts',
  },
  'child running': {
    '`kill -9`': "the child's text is withdrawn and asked for again; the parent waits on, as the same attempt",
    cancel: 'the child ends, then its parent',
    expiry: 'the child fails with `STEP_TIMEOUT`; call `CHILD_FAILED`, which the model is told',
    'reader gone': GOES_ON,
    'second answer': NOT_WAITING,
  },
  'three in parallel': {
    '`kill -9`': "each one's text is withdrawn and asked for again; the root waits on, as the same attempt",
    cancel: 'the three end, then the root',
    expiry: 'the three fail with `STEP_TIMEOUT`, then the root with `CHILD_FAILED`',
    'reader gone': GOES_ON,
    'second answer': NO_CALL,
  },
  'handing off': {
    '`kill -9`': 'the handoff stands and is not made again; the other agent speaks',
    cancel: 'ends after the handoff; the other agent says nothing',
    expiry: 'fails with `RUN_TIMEOUT`; the other agent says nothing',
    'reader gone': GOES_ON,
    'second answer': NOT_WAITING,
  },
  'guard holding text': {
    '`kill -9`': 'nobody saw the held text; the model is asked again, and the guard with it',
    cancel: 'ends; the held text is never delivered',
    expiry: 'the guard counts as one that blocks: fails with `GUARDRAIL_TRIPPED`; the held text is never delivered',
    'reader gone': GOES_ON,
    'second answer': NO_CALL,
  },
};
