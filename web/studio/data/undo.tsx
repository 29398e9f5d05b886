import type { Entity } from '../schema/entity';
import type { Deletions } from './deletions';

/** What is about to be deleted, and the way back. */
export function Undo({ entity, deletions: { pending, undo } }: { entity: Entity; deletions: Deletions }) {
  return (
    <div className="undo" role="status">
      {pending.map((row) => (
        <p key={row.id}>
          <span>
            {entity.type} “{String(row[entity.label])}” will be deleted.
          </span>
          <button type="button" onClick={() => undo(row)}>
            Undo
          </button>
        </p>
      ))}
    </div>
  );
}
