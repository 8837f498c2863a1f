import { type ReactNode, useId, useState } from 'react';
import { strings } from '../../strings.ts';
import { Icon } from '../icon.tsx';
import '../iconButton.css';
import { emptyValue, type FieldSchema, fits, readFieldSchema } from './fieldSchema.ts';
import { RawField } from './rawField.tsx';
import './jsonForm.css';

export interface JsonFormProps {
  /** JSON schema of the value. */
  readonly schema: unknown;
  readonly value: unknown;
  readonly label: string;
  readonly disabled?: boolean | undefined;
  onChange(value: unknown): void;
}

/** Fields for a value by its JSON schema; JSON for the parts that no field fits. The server is the one that checks. */
export function JsonForm(props: JsonFormProps): ReactNode {
  const field = readFieldSchema(props.schema);
  const isRaw = useRaw(field, props.value);
  if (field.kind !== 'group' || isRaw) {
    return (
      <div className="json-form">
        <Field {...props} />
      </div>
    );
  }
  return (
    <div className="json-form">
      <Fields {...props} field={field} />
    </div>
  );
}

/** What began as JSON stays so: another field in the middle of a word would take the focus away. */
function useRaw(field: FieldSchema, value: unknown): boolean {
  const [began] = useState(!fits(field, value));
  return began || !fits(field, value);
}

function Field(props: JsonFormProps): ReactNode {
  const { schema, value, label, disabled, onChange } = props;
  const id = useId();
  const field = readFieldSchema(schema);
  const isRaw = useRaw(field, value);
  if (isRaw) return <RawField {...props} />;
  const shared = { id, disabled, 'aria-describedby': field.description === undefined ? undefined : `${id}-hint` };
  const name = (
    <label className="json-form-name" htmlFor={id}>
      {label}
    </label>
  );
  const hint = field.description !== undefined && (
    <span id={`${id}-hint`} className="json-form-hint">
      {field.description}
    </span>
  );
  switch (field.kind) {
    case 'boolean':
      return (
        <div className="json-form-field">
          <span className="json-form-check">
            <input {...shared} type="checkbox" checked={value === true} onChange={({ target }) => onChange(target.checked)} />
            {name}
          </span>
          {hint}
        </div>
      );
    case 'number':
    case 'integer':
      return (
        <div className="json-form-field">
          {name}
          <input
            {...shared}
            type="number"
            step={field.kind === 'integer' ? 1 : 'any'}
            required
            defaultValue={String(value)}
            onChange={({ target }) => {
              if (!Number.isNaN(target.valueAsNumber)) onChange(target.valueAsNumber);
            }}
          />
          {hint}
        </div>
      );
    case 'choice':
      return (
        <div className="json-form-field">
          {name}
          <select
            {...shared}
            value={field.choices?.indexOf(value)}
            onChange={({ target }) => onChange(field.choices?.[Number(target.value)])}
          >
            {field.choices?.map((choice, index) => (
              <option key={String(choice)} value={index}>
                {String(choice)}
              </option>
            ))}
          </select>
          {hint}
        </div>
      );
    case 'list':
      return <List {...props} field={field} />;
    case 'group':
      return (
        <fieldset className="json-form-group">
          <legend className="json-form-name">{label}</legend>
          {hint}
          <Fields {...props} field={field} />
        </fieldset>
      );
    default:
      return (
        <div className="json-form-field">
          {name}
          <textarea {...shared} rows={1} value={String(value)} onChange={({ target }) => onChange(target.value)} />
          {hint}
        </div>
      );
  }
}

/** Those of an object. One that is not given, and need not be, can be added; what the schema does not name stays as it is. */
function Fields({ field, value, disabled, onChange }: JsonFormProps & { readonly field: FieldSchema }): ReactNode {
  // The edge: `fits` has seen that it is an object.
  const given = value as Readonly<Record<string, unknown>>;
  return field.fields?.map(({ name, schema, required }) => {
    const { title } = readFieldSchema(schema);
    const label = title ?? name;
    if (given[name] === undefined) {
      return (
        <button
          key={name}
          type="button"
          className="button json-form-foot"
          disabled={disabled}
          onClick={() => onChange({ ...given, [name]: emptyValue(schema) })}
        >
          {strings.form.add}: {label}
        </button>
      );
    }
    const without = (): void => onChange(Object.fromEntries(Object.entries(given).filter(([key]) => key !== name)));
    return (
      <div key={name} className="json-form-item">
        <Field
          schema={schema}
          value={given[name]}
          label={label}
          disabled={disabled}
          onChange={(next) => onChange({ ...given, [name]: next })}
        />
        {!required && disabled !== true && <RemoveButton label={label} onRemove={without} />}
      </div>
    );
  });
}

function List({ field, value, label, disabled, onChange }: JsonFormProps & { readonly field: FieldSchema }): ReactNode {
  // The edge: `fits` has seen that it is one.
  const items = value as readonly unknown[];
  return (
    <fieldset className="json-form-group">
      <legend className="json-form-name">{label}</legend>
      {field.description !== undefined && <span className="json-form-hint">{field.description}</span>}
      {items.map((item, index) => (
        // Parts of a list have no other name than their place; the length makes them anew when one is taken out.
        <div key={`${items.length}-${String(index)}`} className="json-form-item">
          <Field
            schema={field.items}
            value={item}
            label={`${label} ${strings.form.item(index + 1)}`}
            disabled={disabled}
            onChange={(next) => onChange(items.with(index, next))}
          />
          {disabled !== true && (
            <RemoveButton label={`${label} ${strings.form.item(index + 1)}`} onRemove={() => onChange(items.toSpliced(index, 1))} />
          )}
        </div>
      ))}
      <button
        type="button"
        className="button json-form-foot"
        disabled={disabled}
        onClick={() => onChange([...items, emptyValue(field.items)])}
      >
        {strings.form.add}
      </button>
    </fieldset>
  );
}

function RemoveButton({ label, onRemove }: { readonly label: string; onRemove(): void }): ReactNode {
  return (
    <button type="button" className="icon-button" aria-label={`${strings.form.remove}: ${label}`} onClick={onRemove}>
      <Icon name="close" />
    </button>
  );
}
