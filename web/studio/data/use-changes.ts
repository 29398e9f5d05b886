import type { Entity } from '../schema/entity';
import type { Row } from '../schema/value';
import { useStream } from '../use-stream';

/** What became of a row, whoever changed it. */
export interface Change {
  kind: 'CREATED' | 'UPDATED' | 'DELETED';
  id: string;
  node: Row | null;
}

/**
 * Tells of each change of an entity's rows, where there is a subscription for it. `onDoubt` is called when changes may have been missed.
 */
export function useChanges(entity: Entity, onChange: (change: Change) => void, onDoubt: () => void): void {
  useStream<{ change: Change }>(entity.changes, ({ change }) => onChange(change), onDoubt);
}
