import { useState, type KeyboardEvent } from 'react';
import type { Failure } from '../../api/message';
import { executeText } from '../execute';
import type { Mutation, ValueColumn } from '../schema/entity';
import { fromInput, show, toInput, type Row } from '../schema/value';
import { Null } from '../table/frame';
import { FieldInput } from './field-input';

interface Properties {
  column: ValueColumn;
  row: Row;
  /** Changes the row; null where nothing can. */
  update: Mutation | null;
  onChanged: (row: Row) => void;
}

/** One value of a row. Where it can be changed, it is a button that turns into an input. */
export function ValueCell({ column, row, update, onChanged }: Properties) {
  const [isEdited, setIsEdited] = useState(false);
  const value = row[column.name];
  const shown = <Shown column={column} value={value} />;
  if (!update || !column.isEditable) {
    return shown;
  }
  if (!isEdited) {
    const label = `${column.name}: ${value === null ? 'null' : show(column, value)}`;
    return (
      <button type="button" className="value" aria-label={label} title={`Edit ${column.name}`} onClick={() => setIsEdited(true)}>
        {shown}
      </button>
    );
  }
  return <Editor column={column} row={row} update={update} onChanged={onChanged} onEnd={() => setIsEdited(false)} />;
}

function Shown({ column, value }: { column: ValueColumn; value: unknown }) {
  if (value === null || value === undefined) {
    return <Null />;
  }
  return (
    <span className={`shown ${column.kind}`} title={String(value)}>
      {show(column, value)}
    </span>
  );
}

/** Enter, or leaving it, sends what was changed; Escape does not. */
function Editor({ column, row, update, onChanged, onEnd }: Properties & { update: Mutation; onEnd: () => void }) {
  const before = toInput(column, row[column.name]);
  const [text, setText] = useState(before);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const field = update.fields.find(({ name }) => name === column.name) ?? column;

  const send = async (text: string) => {
    if (isBusy) {
      return;
    }
    if (text === before) {
      onEnd();
      return;
    }
    setIsBusy(true);
    // What is null in an update may mean "clear": whether a text may be is said by the column, not by the input.
    const value = fromInput({ ...field, isRequired: column.isRequired }, text);
    const { data, failure } = await executeText<Record<string, { object: Row }>>(update.document, {
      input: { id: row.id, [column.name]: value },
    });
    setIsBusy(false);
    setFailure(failure);
    const changed = data?.[update.name]?.object;
    if (changed) {
      onChanged(changed);
      onEnd();
    }
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      onEnd();
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void send(text);
    }
  };
  const isChosen = column.kind === 'boolean' || column.kind === 'choice';
  return (
    <div className="editor" onKeyDown={onKeyDown} onBlur={() => void send(text)}>
      <FieldInput
        field={column}
        value={text}
        label={column.name}
        isFocused
        failure={failure?.message ?? null}
        {...(column.isRequired ? {} : { empty: 'null' })}
        onChange={(text) => {
          setText(text);
          if (isChosen) {
            void send(text);
          }
        }}
      />
      {failure && (
        <span role="alert" className="failure">
          {failure.message}
        </span>
      )}
    </div>
  );
}
