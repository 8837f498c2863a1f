import { describe, expect, test } from 'vitest';
import { lengthGuard } from '../../../src/agents/guards/lengthGuard.ts';
import { patternGuard } from '../../../src/agents/guards/patternGuard.ts';
import { piiGuard } from '../../../src/agents/guards/piiGuard.ts';
import { ask } from './ask.ts';

describe('lengthGuard', () => {
  test('passes a text of exactly its length, in characters, and blocks one more', () => {
    const guard = lengthGuard({ maxCodePoints: 3 });
    expect(guard).toMatchObject({ name: 'length', mode: 'tripwire' });
    expect(guard.check(ask('a😀b'))).toEqual({ verdict: 'pass' });
    expect(guard.check(ask('a😀bc'))).toEqual({ verdict: 'block', reason: 'too long' });
  });

  test('cut leaves out what is too much of an answer, over its sentences, and nothing of the reasoning', () => {
    const guard = lengthGuard({ maxCodePoints: 5, action: 'cut', name: 'short' });
    expect(guard).toMatchObject({ name: 'short', mode: 'hold' });
    expect(guard.check(ask('67', { stage: 'output', before: '123' }))).toEqual({ verdict: 'pass' });
    expect(guard.check(ask('678', { stage: 'output', before: '123' }))).toMatchObject({ verdict: 'rewrite', text: '67' });
    expect(guard.check(ask('more', { stage: 'output', before: '1234567' }))).toMatchObject({ verdict: 'rewrite', text: '' });
    expect(guard.check(ask('long thoughts', { stage: 'output', part: 'reasoning' }))).toEqual({ verdict: 'pass' });
  });
});

describe('patternGuard', () => {
  test('blocks a match each time, also with a pattern that remembers, and says no more than its reason', () => {
    const guard = patternGuard({ patterns: [/hunter2/gy, /\bbomb\b/i], reason: 'forbidden' });
    for (let time = 0; time < 2; time++) {
      expect(guard.check(ask('my hunter2'))).toEqual({ verdict: 'block', reason: 'forbidden' });
      expect(guard.check(ask('a Bomb'))).toEqual({ verdict: 'block', reason: 'forbidden' });
      expect(guard.check(ask('bombastic'))).toEqual({ verdict: 'pass' });
    }
  });

  test('blocks a match that begins in a sentence before, and not one that was let through', () => {
    const guard = patternGuard({ patterns: [/one\. two/] });
    expect(guard.check(ask('two', { stage: 'output', before: 'one. ' }))).toMatchObject({ verdict: 'block' });
    expect(guard.check(ask('three', { stage: 'output', before: 'one. two ' }))).toEqual({ verdict: 'pass' });
  });

  test('masks every match, word for word', () => {
    const guard = patternGuard({ patterns: [/\d+/], action: 'mask', mask: '$&' });
    expect(guard).toMatchObject({ mode: 'hold' });
    expect(guard.check(ask('1 and 22'))).toEqual({ verdict: 'rewrite', text: '$& and $&', reason: 'pattern' });
  });
});

describe('piiGuard', () => {
  const masked = async (text: string, options = {}): Promise<string> => {
    const said = await piiGuard(options).check(ask(text));
    return said.verdict === 'rewrite' ? said.text : text;
  };

  test.each([
    ['Mail anna.schmidt@example.co.uk, or a+b@x.io.', 'Mail [email], or [email].'],
    ['card 4111 1111 1111 1111!', 'card [card]!'],
    ['card 4111-1111-1111-1111', 'card [card]'],
    ['IBAN DE89 3704 0044 0532 0130 00 and so on', 'IBAN [iban] and so on'],
    ['call +44 20 7946 0958.', 'call [phone].'],
    ['SSN 123-45-6789', 'SSN [ssn]'],
  ])('%s', async (text, expected) => {
    expect(await masked(text)).toBe(expected);
  });

  test.each([
    'The meeting is at 10:30 on 2026-11-21 in room 1234.',
    'Order 1234567890123456 costs 19.99.',
    'pi is 3.14159265358979, and 8,336,817 people live there',
    'a @ b, x@y, version 1.2.3, function add(a, b) { return a + b; }',
    'DE89 is no account',
  ])('leaves alone: %s', async (text) => {
    expect(await masked(text)).toBe(text);
  });

  test('finds phone numbers without + in the country it is told, and IP addresses when asked', async () => {
    expect(await masked('(212) 555-0100')).toBe('(212) 555-0100');
    expect(await masked('call (212) 555-0100 now', { country: 'US' })).toBe('call [phone] now');
    await expect(masked('x', { country: 'Mars' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await masked('from 192.168.1.22 and 2001:db8::1', { kinds: ['ip'] })).toBe('from [ip] and [ip]');
  });

  test('names the kinds and not the data; may block; may mask in another way', async () => {
    const text = 'a@example.org, b@example.org, SSN 123-45-6789';
    expect(await piiGuard({ action: 'block' }).check(ask(text))).toEqual({ verdict: 'block', reason: 'email, ssn' });
    expect(await masked(text, { mask: (kind: string) => `<${kind.length}>` })).toBe('<5>, <5>, SSN <3>');
    expect(piiGuard()).toMatchObject({ name: 'pii', mode: 'hold' });
  });

  test('no text makes it slow', async () => {
    const startMs = performance.now();
    for (const piece of ['a', '1', '1 ', 'DE12 ', 'a.', ':', '@', '1-'])
      await masked(piece.repeat(10_000), { kinds: ['email', 'iban', 'card', 'ssn', 'phone', 'ip'] });
    expect(performance.now() - startMs).toBeLessThan(15_000);
  }, 30_000);
});
