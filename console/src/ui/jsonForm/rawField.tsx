import { type ReactNode, useId, useState } from 'react';
import { strings } from '../../strings.ts';

export interface RawFieldProps {
  readonly label: string;
  readonly value: unknown;
  readonly disabled?: boolean | undefined;
  onChange(value: unknown): void;
}

/**
 * A value as the JSON that it is. While it is not JSON, the form that it is in cannot be submitted. Empty is JSON only where no value was given:
 * to take one away is for the button beside it.
 */
export function RawField({ label, value, disabled, onChange }: RawFieldProps): ReactNode {
  const id = useId();
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const [mayBeEmpty] = useState(value === undefined);
  const [isValid, setValid] = useState(true);
  const change = (field: HTMLTextAreaElement): void => {
    const next = field.value;
    setText(next);
    const read = mayBeEmpty && next.trim() === '' ? { value: undefined } : readJson(next);
    field.setCustomValidity(read === undefined ? strings.form.notJson : '');
    setValid(read !== undefined);
    if (read !== undefined) onChange(read.value);
  };
  return (
    <div className="json-form-field">
      <label className="json-form-name" htmlFor={id}>
        {label} <span className="json-form-hint">{strings.form.json}</span>
      </label>
      <textarea
        id={id}
        className="json-form-raw"
        rows={3}
        spellCheck={false}
        value={text}
        disabled={disabled}
        aria-invalid={!isValid}
        aria-describedby={isValid ? undefined : `${id}-error`}
        onChange={({ target }) => change(target)}
      />
      {!isValid && (
        <span id={`${id}-error`} className="error json-form-hint">
          {strings.form.notJson}
        </span>
      )}
    </div>
  );
}

function readJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined; // Still being written.
  }
}
