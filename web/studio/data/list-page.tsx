import { useCallback, useEffect, useRef, useState } from 'react';
import { entityOf } from '../schema/catalogue';
import type { List } from '../schema/entity';
import type { Row } from '../schema/value';
import { CreateForm } from './create-form';
import { useDeletions } from './deletions';
import { FilterBar } from './filter-bar';
import { Pager } from './pager';
import { Table } from './table';
import { EditorsContext, useEditors } from './use-editors';
import { useMemos } from './use-memos';
import { usePage, type PageRequest } from './use-page';

/** How long a row is marked that somebody has changed. */
const MARKED_MILLISECONDS = 1500;

/** A list of rows with all that can be done to them. `id` is that of the object which it belongs to; null where it is the list of all. */
export function ListPage({ list, id }: { list: List; id: string | null }) {
  const entity = entityOf(list.entity);
  const Heading = id === null ? 'h1' : 'h2';
  const [request, setRequest] = useState<PageRequest>({ filter: {}, order: null, place: null });
  const [isCreating, setIsCreating] = useState(false);
  const [isEdited, tellOfEditor] = useEditors();
  const { page, failure, isLoading, refresh, replace } = usePage(list, id, request, isEdited);
  const memos = useMemos(page?.nodes);
  const deletions = useDeletions();
  const changed = useChanged(page?.nodes);
  const onFilter = useCallback(
    (filter: PageRequest['filter']) =>
      setRequest((request) =>
        JSON.stringify(request.filter) === JSON.stringify(filter) ? request : { ...request, filter, place: null },
      ),
    [],
  );

  const told = failure ?? memos.failure;
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
            New {entity.name}
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
        <EditorsContext value={tellOfEditor}>
          <Table
            entity={entity}
            rows={page.nodes}
            leaving={deletions.leaving}
            changed={changed}
            canOrder={list.canOrder}
            order={request.order}
            memos={memos}
            onOrder={(order) => setRequest({ ...request, order, place: null })}
            onChanged={replace}
            onDelete={(row, key) => deletions.begin({ entity, row, key })}
          />
        </EditorsContext>
      )}
      {page?.nodes.length === 0 && <p className="notice">No {list.field} here.</p>}
      {!page && isLoading && <p className="notice">Reading…</p>}
    </section>
  );
}

/** The ids of rows that somebody has changed just now. */
function useChanged(rows: readonly Row[] | undefined): ReadonlySet<string> {
  const [marks, setMarks] = useState<ReadonlySet<string>>(new Set());
  const before = useRef(new Map<string, string>());
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  useEffect(() => {
    const running = timers.current;
    return () => running.forEach(clearTimeout);
  }, []);
  useEffect(() => {
    const now = new Map(rows?.map((row) => [row.id, JSON.stringify(row)]));
    const changed = [...now].filter(([id, row]) => (before.current.get(id) ?? row) !== row).map(([id]) => id);
    before.current = now;
    if (changed.length === 0) {
      return;
    }
    setMarks((marks) => new Set([...marks, ...changed]));
    const timer = setTimeout(() => {
      timers.current.delete(timer);
      setMarks((marks) => new Set([...marks].filter((marked) => !changed.includes(marked))));
    }, MARKED_MILLISECONDS);
    timers.current.add(timer);
  }, [rows]);
  return marks;
}
