import type { Field } from '../schema/entity';

interface Properties {
  field: Field;
  value: string;
  onChange: (value: string) => void;
  /** What the empty choice means, where there is one. */
  empty?: string;
  failure?: string | null;
  isDisabled?: boolean;
  /** Where no label is beside it. */
  label?: string;
  isFocused?: boolean;
  /** Whether a text is searched for, and is no text of its own. */
  isSearch?: boolean;
}

/** An input for a value of the API, by its type. */
export function FieldInput({ field, value, onChange, empty, failure, isDisabled, label, isFocused, isSearch }: Properties) {
  const shared = {
    name: field.name,
    value,
    disabled: isDisabled,
    autoFocus: isFocused,
    'aria-label': label,
    'aria-invalid': failure ? true : undefined,
    title: field.description,
  };
  const choices = field.kind === 'boolean' ? ['true', 'false'] : field.values;
  switch (field.kind) {
    case 'boolean':
    case 'choice':
      return (
        <select {...shared} onChange={(event) => onChange(event.target.value)}>
          {empty !== undefined && <option value="">{empty}</option>}
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      );
    case 'time':
      return <input {...shared} type="datetime-local" step="1" onChange={(event) => onChange(event.target.value)} />;
    case 'integer':
      return <input {...shared} type="number" onChange={(event) => onChange(event.target.value)} />;
    default:
      return isSearch ? (
        <input {...shared} type="search" onChange={(event) => onChange(event.target.value)} />
      ) : (
        <textarea {...shared} rows={1} onChange={(event) => onChange(event.target.value)} />
      );
  }
}
