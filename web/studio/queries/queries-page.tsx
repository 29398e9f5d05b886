import { useState } from 'react';
import { ShareBar } from '../charts/share-bar';
import type { OperationsNowQuery } from '../../generated/graphql';
import { ServerChoice } from '../history/server-choice';
import { steps, type Step } from '../history/step';
import { useHistory } from '../history/use-history';
import { Misses } from '../shown/misses';
import { count, duration, percent, rate } from '../shown/number';
import { PlainTable, type PlainColumn } from '../table/plain-table';
import { usePolled } from '../use-polled';
import { operationsNow } from './documents';
import { OperationDetail } from './operation-detail';

type Tide = OperationsNowQuery['tide'];
type Operation = Tide['operations'][number];

interface Busy extends Operation {
  id: string;
  /** How often a second it was asked for lately; null where that is not known yet. */
  perSecond: number | null;
  /** The share of its values that came from no database, those of kept responses not counted; null where there were none. */
  hitRatio: number | null;
}

const INTERVAL_MILLISECONDS = 2000;
const NOTHING = {};

const COLUMNS: readonly PlainColumn<Busy>[] = [
  { name: 'a second', show: ({ perSecond }) => (perSecond === null ? '–' : rate(perSecond)), by: ({ perSecond }) => perSecond ?? -1, isNumber: true },
  { name: 'in all', show: (operation) => count(operation.count), by: (operation) => operation.count, isNumber: true },
  { name: 'failed', show: ({ failed }) => (failed > 0 ? <span className="failure">{count(failed)}</span> : '0'), by: ({ failed }) => failed, isNumber: true },
  {
    name: 'responses',
    title: 'The share that a kept response answered',
    show: (operation) => percent(operation.remembered / operation.count),
    by: (operation) => operation.remembered / operation.count,
    isNumber: true,
  },
  {
    name: 'hits',
    title: 'Of the rest, the share of values that came from caches',
    show: ({ hitRatio }) => (hitRatio === null ? '–' : percent(hitRatio)),
    by: ({ hitRatio }) => hitRatio ?? -1,
    isNumber: true,
  },
  {
    name: 'time',
    title: 'Waiting for polls of the change log, for Redis and for the database, and the rest',
    show: (operation) => (
      <ShareBar
        show={duration}
        shares={[
          { name: 'change log', value: operation.gateSeconds },
          { name: 'Redis', value: operation.redisSeconds },
          { name: 'database', value: operation.databaseSeconds },
          { name: 'rest', value: rest(operation) },
        ]}
      />
    ),
  },
  {
    name: 'each time',
    title: 'How long it took on average, from arrival to answer',
    show: (operation) => duration(operation.totalSeconds / operation.count),
    by: (operation) => operation.totalSeconds / operation.count,
    isNumber: true,
  },
  { name: 'misses', show: ({ misses }) => <Misses misses={misses} />, by: ({ misses }) => misses.reduce((sum, miss) => sum + miss.count, 0) },
];

/** The operations that were executed most often, and what served them. */
export function QueriesPage() {
  const [open, setOpen] = useState<string | null>(null);
  const { data, failure } = usePolled(operationsNow, NOTHING, INTERVAL_MILLISECONDS);
  const history = useHistory(data?.tide);
  const latest = history.samples.at(-1)?.tide;
  const last = steps(history.samples).at(-1);
  const operations = latest?.operations.map((operation) => busy(operation, last)) ?? [];
  const named: PlainColumn<Busy> = {
    name: 'operation',
    show: ({ id, name, document }) => (
      <button type="button" className="value" aria-expanded={id === open} onClick={() => setOpen(id === open ? null : id)}>
        {name ?? <span className="null">without a name</span>} <small>{document.slice(0, 8)}</small>
      </button>
    ),
    by: ({ name }) => name ?? '',
  };
  return (
    <section className="list" aria-label="queries">
      <div className="toolbar">
        <h1>queries</h1>
        {history.server && <ServerChoice history={history} />}
      </div>
      {failure && (
        <p role="alert" className="failure">
          {failure.message}
        </p>
      )}
      {!latest && !failure && <p className="notice">Asking…</p>}
      {latest && operations.length === 0 && <p className="notice">No operation was executed yet.</p>}
      {operations.length > 0 && (
        <PlainTable
          label="Busiest operations"
          columns={[named, ...COLUMNS]}
          rows={operations}
          idOf={({ id }) => id}
          below={({ id, document }) => id === open && <OperationDetail hash={document} />}
        />
      )}
    </section>
  );
}

function busy(operation: Operation, step: Step<Tide> | undefined): Busy {
  const id = idOf(operation);
  const before = step?.before.operations.find((candidate) => idOf(candidate) === id);
  const values = operation.cached + operation.database;
  return {
    ...operation,
    id,
    perSecond: step && before ? Math.max(operation.count - before.count, 0) / step.seconds : null,
    hitRatio: values === 0 ? null : operation.cached / values,
  };
}

function idOf({ document, name }: Operation): string {
  return `${document}/${name ?? ''}`;
}

/** What it took and did not wait. Reads that wait at the same time count each by itself, so there may be none. */
function rest({ totalSeconds, gateSeconds, redisSeconds, databaseSeconds }: Operation): number {
  return Math.max(totalSeconds - gateSeconds - redisSeconds - databaseSeconds, 0);
}
