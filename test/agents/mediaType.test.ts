import { expect, test } from 'vitest';
import { matchesMediaType, parseMediaType, sniffMediaType } from '../../src/agents/mediaType.ts';
import { PNG } from '../support/sampleFiles.ts';

const WEBM = Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104428581021853806701ffffffffffffff', 'hex');
const PDF = '%PDF-1.7\n1 0 obj';

test.each<[name: string, bytes: Buffer | string, declared: string | undefined, type: string | undefined]>([
  ['an image is what it is', PNG, undefined, 'image/png'],
  ['an image is what it is, whatever image it says it is', PNG, 'image/jpeg', 'image/png'],
  ['an image that says nothing much', PNG, 'application/octet-stream', 'image/png'],
  ['an image that says it is a text', PNG, 'text/plain', 'image/png'],
  ['sound in a container that may hold video', WEBM, 'audio/webm', 'audio/webm'],
  ['the same, of which nobody says anything', WEBM, undefined, 'video/webm'],
  ['a video that says it is an image', WEBM, 'image/webp', undefined],
  ['a PDF', PDF, 'application/pdf', 'application/pdf'],
  ['a PDF that says it is an image', PDF, 'image/png', undefined],
  ['a text', 'Grüße', undefined, 'text/plain'],
  ['a text of its kind', 'a,b\n1,2', 'text/csv', 'text/csv'],
  ['JSON', '{"a":1}', 'application/json', 'application/json'],
  ['a page', '<!doctype html>', 'text/html', 'text/html'],
  ['a page that says it is an image', '<!doctype html>', 'image/png', undefined],
  ['a page that begins with the letters of an image', 'GIF89a<script>', 'image/gif', undefined],
  ['a text that begins with the letters of an image', 'BMW is a car', 'text/plain', 'text/plain'],
  ['a text that begins with the letters of a program', 'MZ is a country code?', undefined, 'text/plain'],
  ['a drawing in XML', '<svg onload="alert(1)"/>', 'image/svg+xml', 'application/xml'],
  ['a drawing in XML with a declaration', '<?xml version="1.0"?><svg/>', 'image/svg+xml', 'application/xml'],
  ['a drawing in XML that says it is a photo', '<?xml version="1.0"?><svg/>', 'image/png', undefined],
  ['bytes', Buffer.from([0, 1, 2, 250]), undefined, 'application/octet-stream'],
  ['bytes that say they are a text', Buffer.from([0, 1, 2, 250]), 'text/plain', 'application/octet-stream'],
  ['bytes that say they are an image', Buffer.from([0, 1, 2, 250]), 'image/png', undefined],
  ['a text that is cut in a character', Buffer.from('é').subarray(0, 1), 'text/plain', 'text/plain'],
  ['nothing', '', undefined, 'text/plain'],
])('%s', async (_name, bytes, declared, type) => {
  expect(await sniffMediaType(Buffer.from(bytes as string), declared)).toBe(type);
});

test('a media type is read without its parameters, and what is none is none', () => {
  expect(parseMediaType('Text/HTML; charset=utf-8')).toBe('text/html');
  for (const text of [undefined, '', 'text', 'text/', 'a b/c', 'text/html\r\nx: y', `${'x'.repeat(100)}/y`])
    expect(parseMediaType(text)).toBeUndefined();
});

test('a list of media types may name a whole kind', () => {
  expect(matchesMediaType('image/png', ['audio/*', 'image/*'])).toBe(true);
  expect(matchesMediaType('imagex/png', ['image/*'])).toBe(false);
  expect(matchesMediaType('application/pdf', ['application/pdf'])).toBe(true);
  expect(matchesMediaType('image/png', [])).toBe(false);
});
