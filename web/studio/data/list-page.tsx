import { useCallback, useEffect, useRef, useState } from 'react';
import { entityOf } from '../schema/catalogue';
import type { List } from '../schema/entity';
import { CreateForm } from './create-form';
import { useDeletions } from './deletions';
import { FilterBar } from './filter-bar';
import { Pager } from './pager';
import { Table } from './table';
import { Undo } from './undo';
import { useChanges, type Change } from './use-changes';
import { useMemos } from './use-memos';
import { usePage, type PageRequest } from './use-page';

/** Between a change and reading the page again, so that many changes cost one reading. */
const PAUSE_MILLISECONDS = 300;
/** How long a row is marked that somebody has changed. */
const MARKED_MILLISECONDS = 1500;

/** A list of rows with all that can be done to them. `id` is that of the object which it belongs to; null where it is the list of all. */
export function ListPage({ list, id }: { list: List; id: string | null }) {
  const entity = entityOf(list.entity);
  const Heading = id === null ? 'h1' : 'h2';
  const [request, setRequest] = useState<PageRequest>({ filter: {}, order: null, place: null });
  const [isCreating, setIsCreating] = useState(false);
  const { page, failure, isLoading, refresh, replace } = usePage(list, id, request);
  const memos = useMemos(page?.nodes);
  const deletions = useDeletions(entity.remove, refresh);
  const changed = useMarks();
  const refreshSoon = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(refreshSoon.current), []);

  const onChange = ({ id, node }: Change) => {
    if (node) {
      replace(node);
      changed.mark(id);
    }
    // Whether the row is on this page, and where, only the API can say.
    clearTimeout(refreshSoon.current);
    refreshSoon.current = setTimeout(refresh, PAUSE_MILLISECONDS);
  };
  useChanges(entity, onChange, refresh);
  const onFilter = useCallback(
    (filter: PageRequest['filter']) =>
      setRequest((request) =>
        JSON.stringify(request.filter) === JSON.stringify(filter) ? request : { ...request, filter, place: null },
      ),
    [],
  );

  const told = failure ?? deletions.failure ?? memos.failure;
  return (
    <section className="list" aria-label={list.field} aria-busy={isLoading}>
      <div className="toolbar">
        <Heading>{list.field}</Heading>
        {page && <Pager page={page} onTurn={(place) => setRequest({ ...request, place })} />}
        <button type="button" onClick={refresh}>
          Refresh
        </button>
        {entity.create && id === null && (
          <button type="button" className="primary" aria-expanded={isCreating} onClick={() => setIsCreating(!isCreating)}>
            New {entity.field}
          </button>
        )}
      </div>
      {list.filter.length > 0 && <FilterBar fields={list.filter} onFilter={onFilter} />}
      {isCreating && entity.create && (
        <CreateForm
          create={entity.create}
          onCreated={() => {
            setIsCreating(false);
            refresh();
          }}
          onCancel={() => setIsCreating(false)}
        />
      )}
      {told && (
        <p role="alert" className="failure">
          {told.message}
        </p>
      )}
      {page && page.nodes.length > 0 && (
        <Table
          entity={entity}
          rows={page.nodes}
          leaving={deletions.pending.map(({ row }) => row.id)}
          changed={changed.marks}
          canOrder={list.canOrder}
          order={request.order}
          memos={memos}
          onOrder={(order) => setRequest({ ...request, order, place: null })}
          onChanged={replace}
          onDelete={deletions.begin}
        />
      )}
      {page?.nodes.length === 0 && <p className="notice">No {list.field} here.</p>}
      {!page && isLoading && <p className="notice">Reading…</p>}
      <Undo entity={entity} deletions={deletions} />
    </section>
  );
}

/** Marks rows for a moment. */
function useMarks(): { marks: ReadonlySet<string>; mark: (id: string) => void } {
  const [marks, setMarks] = useState<ReadonlySet<string>>(new Set());
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  useEffect(() => {
    const running = timers.current;
    return () => running.forEach(clearTimeout);
  }, []);
  const mark = (id: string) => {
    setMarks((marks) => new Set(marks).add(id));
    const timer = setTimeout(() => {
      timers.current.delete(timer);
      setMarks((marks) => new Set([...marks].filter((marked) => marked !== id)));
    }, MARKED_MILLISECONDS);
    timers.current.add(timer);
  };
  return { marks, mark };
}
