import type { ReactNode } from 'react';
import type { Json } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { JsonForm } from '../../ui/jsonForm/jsonForm.tsx';

export interface ContextFieldsProps {
  /** JSON schema of what the agent takes besides the message. */
  readonly schema: Json;
  readonly value: unknown;
  onChange(value: unknown): void;
}

/** What an agent is told of each message besides its text: it goes with the next ones, too. */
export function ContextFields({ schema, value, onChange }: ContextFieldsProps): ReactNode {
  return (
    <details className="composer-context" open>
      <summary>{strings.chat.context}</summary>
      <JsonForm schema={schema} value={value} label={strings.chat.context} onChange={onChange} />
    </details>
  );
}
