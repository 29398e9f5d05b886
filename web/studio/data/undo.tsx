import { useEffect, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { flushSync } from 'react-dom';
import { useDeletions, type Deletion } from './deletions';

/** What is about to be deleted, and the way back; and what could not be deleted. */
export function Undo() {
  const { pending, failure } = useDeletions();
  return (
    <div className="undo">
      <div role="status">
        {pending.map((deletion) => (
          <Way key={deletion.row.id} deletion={deletion} />
        ))}
      </div>
      {failure && (
        <p role="alert" className="failure">
          {failure.message}
        </p>
      )}
    </div>
  );
}

/**
 * The way back for one row. Who deleted it by the keyboard is there at once, and no time passes while somebody is. Escape leads back to
 * the rows, and has the time pass.
 */
function Way({ deletion }: { deletion: Deletion }) {
  const { entity, row, key } = deletion;
  const { undo, hold, release } = useDeletions();
  const [isFocused, setIsFocused] = useState(false);
  const [isPointedAt, setIsPointedAt] = useState(false);
  const isHeld = isFocused || isPointedAt;
  useEffect(() => {
    if (isHeld) {
      hold(deletion);
    } else {
      release(deletion);
    }
  }, [isHeld, hold, release, deletion]);

  const goBack = (event: MouseEvent) => {
    // The button to go back to is disabled until then.
    flushSync(() => undo(deletion));
    if (isByKeyboard(event)) {
      key?.focus();
    }
  };
  const goOn = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      besides(key)?.focus();
    }
  };
  return (
    <p onPointerEnter={() => setIsPointedAt(true)} onPointerLeave={() => setIsPointedAt(false)}>
      <span className="name">
        {entity.type} “{String(row[entity.label])}”
      </span>
      <span>will be deleted.</span>
      <button
        type="button"
        autoFocus={key !== null}
        onFocus={() => setIsFocused(true)}
        onBlur={() => setIsFocused(false)}
        onKeyDown={goOn}
        onClick={goBack}
      >
        Undo
      </button>
    </p>
  );
}

/** Whether a button was pressed by a key. */
export function isByKeyboard({ detail }: MouseEvent): boolean {
  return detail === 0;
}

/** The same button of the next row, or of the one before; the table where there is no other. */
function besides(button: HTMLElement | null): HTMLElement | null | undefined {
  const row = button?.closest('tr');
  const others = [row?.nextElementSibling, row?.previousElementSibling];
  const found = others.map((other) => other?.querySelector<HTMLElement>('.actions button:enabled'));
  return found.find((other) => other) ?? button?.closest<HTMLElement>('.table');
}
