import { useEffect, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { flushSync } from 'react-dom';
import type { Entity } from '../schema/entity';
import type { Deletion, Deletions } from './deletions';

/** What is about to be deleted, and the way back. */
export function Undo({ entity, deletions }: { entity: Entity; deletions: Deletions }) {
  return (
    <div className="undo" role="status">
      {deletions.pending.map((deletion) => (
        <Way key={deletion.row.id} entity={entity} deletion={deletion} deletions={deletions} />
      ))}
    </div>
  );
}

interface Properties {
  entity: Entity;
  deletion: Deletion;
  deletions: Deletions;
}

/**
 * The way back for one row. Who deleted it by the keyboard is there at once, and no time passes while somebody is. Escape leads back to
 * the rows, and has the time pass.
 */
function Way({ entity, deletion: { row, key }, deletions: { undo, hold, release } }: Properties) {
  const [isFocused, setIsFocused] = useState(false);
  const [isPointedAt, setIsPointedAt] = useState(false);
  const isHeld = isFocused || isPointedAt;
  useEffect(() => {
    if (isHeld) {
      hold(row);
    } else {
      release(row);
    }
  }, [isHeld, hold, release, row]);

  const goBack = (event: MouseEvent) => {
    // The button to go back to is disabled until then.
    flushSync(() => undo(row));
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
