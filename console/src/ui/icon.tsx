import type { ReactNode } from 'react';

const PATHS = {
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  check: 'M3 8.5l3.2 3.2L13 4.8',
  edit: 'M10.8 2.7l2.5 2.5-8 8-3 .5.5-3zM9.3 4.2l2.5 2.5',
  fork: 'M4.5 5.5v5M11.5 5.5c0 3-7 2-7 5M4.5 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM11.5 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM4.5 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.2v2.6h-2.6',
  inspect: 'M2.5 3.5h6M4.5 8h7M8.5 12.5h5',
  attach: 'M12.5 7.3l-5 5a2.9 2.9 0 0 1-4.1-4.1l5.4-5.4a1.9 1.9 0 0 1 2.7 2.7l-5.2 5.2a.9.9 0 0 1-1.3-1.3l4.6-4.6',
  send: 'M8 13V3M3.8 7.2L8 3l4.2 4.2',
  stop: 'M4.5 4.5h7v7h-7z',
  close: 'M4 4l8 8M12 4l-8 8',
  down: 'M8 3v10M3.8 8.8L8 13l4.2-4.2',
  fold: 'M4 6.2l4 4 4-4',
  file: 'M4 1.8h5.2L12 4.6v9.6H4zM9 2v3h3',
  add: 'M8 3v10M3 8h10',
  several:
    'M5.5 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM1.8 12.8c.3-2 1.7-3.1 3.7-3.1s3.4 1.1 3.7 3.1M10.8 7.3a1.8 1.8 0 1 0 0-3.5M11.6 9.6c1.5.3 2.4 1.4 2.6 3.2',
  right: 'M3 8h10M8.8 3.8L13 8l-4.2 4.2',
  guard: 'M8 1.8l5 1.8v4c0 3.2-2 5.4-5 6.6-3-1.2-5-3.4-5-6.6v-4z',
  data: 'M6 2.5c-2 0-2 .8-2 2.3S3.8 8 2.5 8C3.8 8 4 9.7 4 11.2s0 2.3 2 2.3M10 2.5c2 0 2 .8 2 2.3s.2 3.2 1.5 3.2c-1.3 0-1.5 1.7-1.5 3.2s0 2.3-2 2.3',
} as const;

export type IconName = keyof typeof PATHS;

/** A sign beside or in the place of a text: what it means is told by that text, or by the label of what holds it. */
export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill={name === 'stop' ? 'currentColor' : 'none'}
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
