import { JSDOM } from 'jsdom';
import { afterAll, afterEach } from 'vitest';

/**
 * A page for React, before React is loaded: import it first. Only what React asks for is global; sockets, timers and signals stay Node's, which
 * the server in the same process needs.
 */
const dom = new JSDOM('<!doctype html><title>test</title>', { url: 'http://localhost/', pretendToBeVisual: true });
const { window } = dom;
const scope = globalThis as Record<string, unknown>;
scope.window = window;
scope.document = window.document;
for (const name of ['HTMLElement', 'HTMLIFrameElement', 'Element', 'Node', 'MutationObserver', 'getComputedStyle', 'navigator']) {
  Object.defineProperty(scope, name, { value: window[name as keyof typeof window], configurable: true, writable: true });
}
scope.requestAnimationFrame = (run: (at: number) => void) => window.requestAnimationFrame(run);
scope.cancelAnimationFrame = (id: number) => window.cancelAnimationFrame(id);

const { cleanup } = await import('@testing-library/react');
afterEach(() => cleanup());
afterAll(() => window.close());
