import type { Logs } from './logs.ts';
import type { Listener } from './observers.ts';
import type { RunsAtWork } from './runsAtWork.ts';

/** What happens, as lines: ends of runs at `info`, the rest at `debug`. What nobody would read is not listened to. */
export function logListener(logs: Logs, runs: RunsAtWork): Listener {
  const run = logs.of('run');
  const call = logs.of('call');
  const connection = logs.of('connection');
  const http = logs.of('http');
  const auth = logs.of('auth');
  const model = logs.of('model');
  const tool = logs.of('tool');
  const guard = logs.of('guard');
  const database = logs.of('database');
  return {
    ...(run.says('debug') && {
      attemptBegan: ({ runId, ...ids }) => run.debug({ runId, ...ids }, 'a run is worked on'),
      stepBegan: (runId, step) => run.debug({ runId, ...runs.idsOf(runId), step }, 'a step began'),
      attemptEnded: (runId, result) => run.debug({ runId, ...runs.idsOf(runId), result }, 'a run is no longer worked on'),
    }),
    ...(run.says('info') && {
      runEnded: ({ runId, agent, status, code, totalMs }) =>
        run.info({ runId, ...runs.idsOf(runId), agent, status, ...(code !== undefined && { code }), ms: totalMs }, 'a run ended'),
    }),
    callEnded({ path, transport, code, ms, requestId, connectionId, principalId, cause }) {
      const ids = { path, transport, requestId, connectionId, principalId };
      if (code === 'INTERNAL') call.error({ err: cause, ...ids }, 'a call failed');
      else if (call.says('debug')) call.debug({ ...ids, code, ms: Math.round(ms) }, 'a call was answered');
    },
    ...(http.says('debug') && { requestEnded: (request) => http.debug(request, 'a request was answered') }),
    ...(connection.says('debug') && {
      connectionOpened: ({ id, transport }) => connection.debug({ connectionId: id, transport }, 'a connection was opened'),
      connectionClosed: ({ id, transport, code }) => connection.debug({ connectionId: id, transport, code }, 'a connection was closed'),
    }),
    ...(auth.says('info') && { loginFailed: (method) => auth.info({ method }, 'a login failed') }),
    ...(auth.says('debug') && { refused: (reason) => auth.debug({ reason }, 'somebody was turned away') }),
    ...(model.says('debug') && {
      modelCalled: ({ model: name, ms, code = 'OK' }) => model.debug({ model: name, code, ms: Math.round(ms) }, 'a model was called'),
    }),
    ...(model.says('info') && { retried: (what, code) => model.info({ what, code }, 'a model call is tried again') }),
    circuit: (what, isOpen) => model.warn({ what, isOpen }, isOpen ? 'a model is left alone' : 'a model is asked again'),
    ...(tool.says('debug') && {
      toolCalled: ({ tool: name, ms, code = 'OK' }) => tool.debug({ tool: name, code, ms: Math.round(ms) }, 'a tool was called'),
    }),
    ...(guard.says('debug') && {
      appended(event) {
        if (event.type === 'guard.verdict')
          guard.debug({ runId: event.runId, guard: event.guard, verdict: event.verdict }, 'a guard has spoken');
      },
    }),
    ...(database.says('debug') && { committed: (writes, ms) => database.debug({ writes, ms }, 'a commit') }),
  };
}
