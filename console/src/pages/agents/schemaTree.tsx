import type { ReactNode } from 'react';
import { strings } from '../../strings.ts';
import { CopyTextButton } from '../../ui/copyTextButton.tsx';
import { readSchema, type SchemaField } from './schemaNode.ts';
import './schemaTree.css';

/** A schema may lead back to itself. */
const MAX_DEPTH = 6;
const MAX_FIELDS = 100;

export interface SchemaTreeProps {
  readonly title: string;
  /** JSON schema. */
  readonly schema: unknown;
}

/** What a value of a JSON schema has in it, and the schema itself to be copied. */
export function SchemaTree({ title, schema }: SchemaTreeProps): ReactNode {
  const { type, description, rules, fields } = readSchema(schema, schema);
  return (
    <div className="schema">
      <div className="schema-head">
        <p className="schema-title">{title}</p>
        <span className="schema-type">{type}</span>
        <CopyTextButton
          className="button quiet schema-copy"
          label={strings.agents.copySchema}
          text={() => JSON.stringify(schema, null, 2)}
        />
      </div>
      <About description={description} rules={rules} />
      <Fields fields={fields} root={schema} depth={0} />
    </div>
  );
}

function Fields({ fields, root, depth }: { readonly fields: readonly SchemaField[]; readonly root: unknown; readonly depth: number }) {
  if (fields.length === 0) return null;
  if (depth === MAX_DEPTH) return <p className="schema-about">…</p>;
  return (
    <ul className="schema-fields">
      {fields.slice(0, MAX_FIELDS).map(({ name, isRequired, schema }) => {
        const { type, description, rules, fields: inner } = readSchema(schema, root);
        return (
          <li key={name}>
            <p className="schema-line">
              <code className="schema-name">{name}</code>
              <span className="schema-type">{type}</span>
              {!isRequired && <span className="schema-optional">{strings.agents.schema.optional}</span>}
            </p>
            <About description={description} rules={rules} />
            <Fields fields={inner} root={root} depth={depth + 1} />
          </li>
        );
      })}
      {fields.length > MAX_FIELDS && <li>… {fields.length - MAX_FIELDS}</li>}
    </ul>
  );
}

function About({ description, rules }: { readonly description: string | undefined; readonly rules: readonly string[] }): ReactNode {
  if (description === undefined && rules.length === 0) return null;
  return (
    <p className="schema-about">
      {description}
      {rules.length > 0 && <span className="schema-rules"> {rules.join(', ')}</span>}
    </p>
  );
}
