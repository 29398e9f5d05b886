import { useEffect, useState } from 'react';
import type { Field } from '../schema/entity';
import { fromInput } from '../schema/value';
import { FieldInput } from './field-input';

/** Between the last key and what it filters by. */
const PAUSE_MILLISECONDS = 250;

interface Properties {
  fields: readonly Field[];
  onFilter: (filter: Record<string, unknown>) => void;
}

/** An input for each field of a list's filter. What is empty filters nothing. */
export function FilterBar({ fields, onFilter }: Properties) {
  const [values, setValues] = useState<Record<string, string>>({});
  useEffect(() => {
    const pause = setTimeout(() => {
      const given = fields.filter(({ name }) => values[name]);
      onFilter(Object.fromEntries(given.map((field) => [field.name, fromInput(field, values[field.name] ?? '')])));
    }, PAUSE_MILLISECONDS);
    return () => clearTimeout(pause);
  }, [fields, values, onFilter]);
  return (
    <form className="filter" role="search" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
      {fields.map((field) => (
        <label key={field.name}>
          <span>{field.name}</span>
          <FieldInput
            field={field}
            isSearch
            value={values[field.name] ?? ''}
            empty="any"
            onChange={(value) => setValues((values) => ({ ...values, [field.name]: value }))}
          />
        </label>
      ))}
    </form>
  );
}
