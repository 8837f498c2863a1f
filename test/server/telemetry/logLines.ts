import { Logs } from '../../../src/server/telemetry/logs.ts';

const log = new Logs({}).of('run');
log.info({}, 'not this');
log.warn({ runId: 'run_1', token: 'secret' }, 'but this');
