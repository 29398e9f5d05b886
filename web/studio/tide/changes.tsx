import { useState } from 'react';
import type { WriterKind } from '../../generated/graphql';
import { WRITER_KINDS, writerName } from '../../words/writer';
import { address } from '../page/route';
import { entityNamed } from '../schema/catalogue';
import { clockTime } from '../shown/time';
import { PlainTable, type PlainColumn } from '../table/plain-table';
import { useRecentChanges, type Change } from './use-recent-changes';

const COLUMNS: readonly PlainColumn<Change>[] = [
  { name: 'seen', show: ({ seenAt }) => <time dateTime={seenAt}>{clockTime(seenAt)}</time> },
  { name: 'who', show: (change) => <span className={`writer ${change.writer.toLowerCase()}`}>{writerName(change)}</span> },
  {
    name: 'what',
    show: ({ operation, table }) => (
      <span>
        {operation} <code>{table}</code>
      </span>
    ),
  },
  { name: 'row', show: (change) => <RowName change={change} /> },
  { name: 'columns', show: ({ columns }) => <span className="wrapped">{columns?.join(', ') ?? '–'}</span> },
  {
    name: 'invalidated',
    title: 'What is kept and depends on these rows is not served any more, as far as it depends on what changed',
    show: ({ dependencies }) => (
      <span className="wrapped dependencies">
        {dependencies.map((dependency) => (
          <code key={dependency}>{dependency}</code>
        ))}
      </span>
    ),
  },
  { name: 'transaction', show: ({ transaction }) => transaction ?? '–', isNumber: true },
];

/** The changes of the database, by whoever made them. */
export function Changes({ isPaused }: { isPaused: boolean }) {
  const { changes, failure } = useRecentChanges(isPaused);
  const [writer, setWriter] = useState<WriterKind | ''>('');
  const shown = changes?.filter((change) => writer === '' || change.writer === writer);
  return (
    <section className="changes" aria-label="changes">
      <div className="toolbar">
        <h2>changes</h2>
        <label className="inline">
          <small>who</small>
          <select value={writer} onChange={(event) => setWriter(event.target.value as WriterKind | '')}>
            <option value="">anybody</option>
            {WRITER_KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {writerName({ writer: kind })}
              </option>
            ))}
          </select>
        </label>
      </div>
      {failure && (
        <p role="alert" className="failure">
          {failure.message}
        </p>
      )}
      {shown?.length === 0 && <p className="notice">No changes were seen.</p>}
      {shown && shown.length > 0 && (
        <PlainTable label="Changes of the database" columns={COLUMNS} rows={numbered(shown)} idOf={({ number }) => number} />
      )}
    </section>
  );
}

/** Several changes of one row may be seen by one poll. */
function numbered(changes: readonly Change[]): (Change & { number: string })[] {
  const counts = new Map<number, number>();
  return changes
    .toReversed()
    .map((change) => {
      const count = (counts.get(change.position) ?? 0) + 1;
      counts.set(change.position, count);
      return { ...change, number: `${change.position}-${count}` };
    })
    .toReversed();
}

/** Leads to the row, where Studio shows its table. */
function RowName({ change: { row, operation } }: { change: Change }) {
  const [, name, id] = /^(\w+)\(id=(.+)\)$/.exec(row) ?? [];
  const entity = name && operation !== 'DELETE' ? entityNamed(name) : undefined;
  return entity && id ? (
    <a className="shown id" href={address(entity.name, id)} title={row}>
      {id}
    </a>
  ) : (
    <code className="shown id" title={row}>
      {id ?? row}
    </code>
  );
}
