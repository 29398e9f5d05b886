import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { Failure } from '../../api/message';
import { executeText } from '../execute';
import type { Mutation, ValueColumn } from '../schema/entity';
import { fromInput, show, toInput, type Row } from '../schema/value';
import { Null } from '../table/frame';
import { FieldInput } from './field-input';
import { useEditor } from './use-editors';

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
  const button = useRef<HTMLButtonElement>(null);
  const isComingBack = useRef(false);
  useEffect(() => {
    if (!isEdited && isComingBack.current) {
      isComingBack.current = false;
      button.current?.focus();
    }
  }, [isEdited]);
  useEditor(isEdited);
  const value = row[column.name];
  const shown = <Shown column={column} value={value} />;
  if (!update || !column.isEditable) {
    return shown;
  }
  if (!isEdited) {
    const label = `${column.name}: ${value === null ? 'null' : show(column, value)}`;
    return (
      <button
        ref={button}
        type="button"
        className="value"
        aria-label={label}
        title={`Edit ${column.name}`}
        onClick={() => setIsEdited(true)}
      >
        {shown}
      </button>
    );
  }
  const end = (hadFocus: boolean) => {
    isComingBack.current = hadFocus;
    setIsEdited(false);
  };
  return <Editor column={column} row={row} update={update} onChanged={onChanged} onEnd={end} />;
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

interface EditorProperties extends Properties {
  update: Mutation;
  /** `hadFocus` is whether nobody has gone elsewhere meanwhile. */
  onEnd: (hadFocus: boolean) => void;
}

/**
 * Enter, or leaving it, sends what was changed; Escape does not. What is chosen with the pointer is sent at once; the arrow keys go
 * through all choices, and mean the last.
 */
function Editor({ column, row, update, onChanged, onEnd }: EditorProperties) {
  // What was there when it was opened: who has changed nothing since does not undo what somebody else has.
  const [before] = useState(() => toInput(column, row[column.name]));
  const [text, setText] = useState(before);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const element = useRef<HTMLDivElement>(null);
  const isByPointer = useRef(false);
  const field = update.fields.find(({ name }) => name === column.name) ?? column;

  const end = () => onEnd(element.current?.contains(document.activeElement) ?? false);
  const send = async (text: string) => {
    if (isBusy) {
      return;
    }
    const input = element.current?.querySelector('input');
    if (input?.validity.badInput) {
      // Its value is empty then, which would mean something else.
      setFailure({ message: input.validationMessage });
      return;
    }
    if (text === before) {
      end();
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
      end();
    }
  };

  const onKeyDown = (event: KeyboardEvent) => {
    isByPointer.current = false;
    if (event.key === 'Escape') {
      event.stopPropagation();
      end();
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void send(text);
    }
  };
  const isChosen = column.kind === 'boolean' || column.kind === 'choice';
  return (
    <div
      ref={element}
      className="editor"
      onPointerDown={() => (isByPointer.current = true)}
      onKeyDown={onKeyDown}
      onBlur={() => void send(text)}
    >
      <FieldInput
        field={column}
        value={text}
        label={column.name}
        isFocused
        failure={failure?.message ?? null}
        {...(column.isRequired ? {} : { empty: 'null' })}
        onChange={(text) => {
          if (isBusy) {
            return;
          }
          setText(text);
          if (isChosen && isByPointer.current) {
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
