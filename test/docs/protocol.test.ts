import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { afterClose, CLOSE_CODES } from '../../src/protocol/closeCodes.ts';
import { ERROR_CODES } from '../../src/protocol/errorCodes.ts';
import { type EventType, FINE_GRAINED_EVENTS } from '../../src/protocol/event.ts';
import { createInputs } from '../../src/protocol/inputs.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { appRouter } from '../../src/server/routers/router.ts';
import type { Services } from '../../src/server/services.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(`${ROOT}/PROTOCOL.md`, 'utf8');

/** The rows of the table in one section, as cells; `\|` is no border. */
function rowsOf(section: string): string[][] {
  const from = text.indexOf(`\n## ${section}\n`);
  const body = text.slice(from, text.indexOf('\n## ', from + 1));
  return body
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The names in backticks in the first column. */
function namesOf(section: string): string[] {
  return rowsOf(section).flatMap(([name]) => /^`([^`]+)`$/.exec(name ?? '')?.[1] ?? []);
}

/** The compiler keeps it whole. */
const EVENT_TYPES: { readonly [Type in EventType]: true } = {
  'message.received': true,
  'message.steered': true,
  'run.queued': true,
  'run.started': true,
  'run.resumed': true,
  'run.waiting': true,
  'run.status': true,
  'run.completed': true,
  'run.failed': true,
  'run.cancelled': true,
  'message.started': true,
  'text.delta': true,
  'reasoning.delta': true,
  'message.completed': true,
  'message.discarded': true,
  'tool.called': true,
  'tool.progress': true,
  'tool.completed': true,
  'tool.failed': true,
  'tool.file': true,
  'tool.input.delta': true,
  'tool.hosted': true,
  'approval.requested': true,
  'approval.resolved': true,
  'agent.handoff': true,
  'agent.routed': true,
  'model.switched': true,
  'guard.verdict': true,
  data: true,
  'thread.snapshot': true,
};

describe('PROTOCOL.md', () => {
  test('has every event, and marks those that a reader of messages does not get', () => {
    const rows = rowsOf('Events').filter(([name]) => name?.startsWith('`'));
    expect(rows.map(([name]) => name?.slice(1, -1)).sort()).toEqual(Object.keys(EVENT_TYPES).sort());
    const fine = rows.filter(([, , meaning]) => meaning?.startsWith('*fine.*')).map(([name]) => name?.slice(1, -1));
    expect(fine.sort()).toEqual([...FINE_GRAINED_EVENTS].sort());
  });

  test('has every error code, with its status and whether to try again', () => {
    const documented = rowsOf('Errors')
      .filter(([name]) => name?.startsWith('`'))
      .map(([name, http, retryable]) => [name?.slice(1, -1), Number(http), retryable === 'yes']);
    const codes = Object.entries(ERROR_CODES).map(([name, { http, retryable }]) => [name, http, retryable]);
    expect(documented.sort()).toEqual(codes.sort());
  });

  test('has every close code, with what a client does', () => {
    const documented = rowsOf('Close codes')
      .filter(([code]) => /^\d{4}$/.test(code ?? ''))
      .map(([code, name, client]) => [Number(code), name?.slice(1, -1), client]);
    const codes = Object.entries(CLOSE_CODES).map(([name, code]) => [code, name, afterClose(code)]);
    expect(documented.sort()).toEqual(codes.sort());
  });

  test('has every procedure, with its kind', () => {
    // No other service is used before a call.
    const services = { agents: {}, limits: DEFAULT_LIMITS, inputs: createInputs(DEFAULT_LIMITS) } as unknown as Services;
    // At run time the paths are flat; tRPC's types show them nested.
    const procedures = appRouter(services)._def.procedures as unknown as Record<string, { readonly _def: { readonly type: string } }>;
    const served = Object.entries(procedures).map(([path, { _def }]) => [path, _def.type]);
    const documented = rowsOf('Procedures')
      .filter(([, kind]) => ['query', 'mutation', 'subscription'].includes(kind ?? ''))
      .map(([name, kind]) => [name?.slice(1, -1), kind]);
    expect(documented.sort()).toEqual(served.sort());
  });

  test.each(Object.entries(DEFAULT_LIMITS))('has the limit %s with its default, %d', (name, value) => {
    const row = rowsOf('Limits').find(([cell]) => cell === `\`${name}\``);
    expect(Number(row?.[1]?.replaceAll(',', ''))).toBe(value);
  });

  test.each(Array.from({ length: 12 }, (_, index) => index + 1))('says which tests enforce P%d, and those are there', (number) => {
    const from = text.indexOf(`\n**P${number}. `);
    expect(from).toBeGreaterThan(0);
    const [, enforcedBy = ''] = text.slice(from, text.indexOf('\n\n', from)).split('Enforced by ');
    const files = [...enforcedBy.matchAll(/`([^`]+\.ts)`/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(`${ROOT}/${file}`))).toEqual([]);
  });

  test.each(['terms', 'scenarios', 'cursors'])('its link to %s leads somewhere', (anchor) => {
    expect(text.toLowerCase()).toContain(`\n## ${anchor}\n`);
  });

  test('names no code, event or limit that is not there', () => {
    const known = new Set<string>([...Object.keys(ERROR_CODES), ...Object.keys(CLOSE_CODES)]);
    const named = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
    expect(namesOf('Limits').length).toBeGreaterThanOrEqual(Object.keys(DEFAULT_LIMITS).length);
  });
});
