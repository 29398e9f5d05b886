import { useState, type SubmitEvent } from 'react';
import type { Failure } from '../../api/message';
import { executeText } from '../execute';
import type { Mutation } from '../schema/entity';
import { fromInput } from '../schema/value';
import { FieldInput } from './field-input';

interface Properties {
  create: Mutation;
  onCreated: () => void;
  onCancel: () => void;
}

/** An input for each field of what is created. What is wrong with one is said below it. */
export function CreateForm({ create, onCreated, onCancel }: Properties) {
  const [values, setValues] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setIsBusy(true);
    const given = create.fields.filter(({ name, isRequired, kind }) => values[name] || (isRequired && kind === 'text'));
    const input = Object.fromEntries(given.map((field) => [field.name, fromInput(field, values[field.name] ?? '')]));
    const { failure } = await executeText(create.document, { input });
    setIsBusy(false);
    setFailure(failure);
    if (!failure) {
      onCreated();
    }
  };
  const faulty = create.fields.find(({ name }) => name === failure?.extensions?.field);
  return (
    <form className="create" aria-label="New row" onSubmit={(event) => void submit(event)}>
      {create.fields.map((field, index) => (
        <label key={field.name}>
          <span>
            {field.name} <small>{field.typeName}</small>
          </span>
          <FieldInput
            field={field}
            value={values[field.name] ?? ''}
            empty="by default"
            isDisabled={isBusy}
            isFocused={index === 0}
            failure={field === faulty ? (failure?.message ?? null) : null}
            onChange={(value) => setValues((values) => ({ ...values, [field.name]: value }))}
          />
          {field === faulty && (
            <span role="alert" className="failure">
              {failure?.message}
            </span>
          )}
        </label>
      ))}
      {failure && !faulty && (
        <p role="alert" className="failure">
          {failure.message}
        </p>
      )}
      <div className="actions">
        <button type="submit" className="primary" disabled={isBusy}>
          Create
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}
