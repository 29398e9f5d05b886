import { useState } from 'react';
import type { JobsNowQuery } from '../../generated/graphql';
import { execute } from '../execute';
import { showTime } from '../schema/value';
import { PlainTable, type PlainColumn } from '../table/plain-table';
import { usePolled } from '../use-polled';
import { jobsNow, retryJobs } from './documents';

type Dead = NonNullable<JobsNowQuery['tide']['jobs']>['dead'][number];

const INTERVAL_MILLISECONDS = 2000;
/** How many names one request may have. */
const MOST_NAMES = 100;
const NOTHING = {};
const COUNTS = [
  ['queued', 'wait for a worker'],
  ['running', 'are held by a worker'],
  ['scheduled', 'wait for their time'],
  ['dead', 'were given up'],
] as const;

const COLUMNS: readonly PlainColumn<Dead>[] = [
  { name: 'name', show: ({ name }) => <code>{name}</code>, by: ({ name }) => name },
  { name: 'attempts', show: ({ attempts }) => attempts, by: ({ attempts }) => attempts, isNumber: true },
  { name: 'given up', show: ({ diedAt }) => <time dateTime={diedAt}>{showTime(diedAt)}</time>, by: ({ diedAt }) => diedAt },
];

/** The background jobs of all servers, and what gives those another chance that were given up. */
export function JobsPage() {
  const { data, failure, refresh } = usePolled(jobsNow, NOTHING, INTERVAL_MILLISECONDS);
  const [told, setTold] = useState('');
  const [refusal, setRefusal] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const jobs = data?.tide.jobs;

  const retry = async (names: readonly string[]) => {
    setIsBusy(true);
    setRefusal(null);
    let retried = 0;
    for (let first = 0; first < names.length; first += MOST_NAMES) {
      const { data, failure } = await execute(retryJobs, { names: names.slice(first, first + MOST_NAMES) });
      retried += data?.retryJobs.retried ?? 0;
      if (failure) {
        setRefusal(failure.message);
        break;
      }
    }
    setTold(`${retried} ${retried === 1 ? 'job was' : 'jobs were'} queued again.`);
    await refresh();
    setIsBusy(false);
  };

  return (
    <section className="list" aria-label="jobs">
      <div className="toolbar">
        <h1>jobs</h1>
        <span role="status">{told}</span>
        <button type="button" disabled={isBusy || !jobs?.dead.length} onClick={() => void retry(jobs?.dead.map(({ name }) => name) ?? [])}>
          Retry all that are shown
        </button>
      </div>
      {(failure?.message ?? refusal) && (
        <p role="alert" className="failure">
          {failure?.message ?? refusal}
        </p>
      )}
      {!jobs && !failure && <p className="notice">Asking…</p>}
      {jobs && (
        <dl className="tiles">
          {COUNTS.map(([name, title]) => (
            <div key={name}>
              <dt title={title}>{name}</dt>
              <dd>{jobs.counts[name].toLocaleString('en')}</dd>
            </div>
          ))}
        </dl>
      )}
      {jobs?.dead.length === 0 && (
        <p className="notice">{COUNTS.every(([name]) => jobs.counts[name] === 0) ? 'There are no jobs.' : 'No job was given up.'}</p>
      )}
      {jobs && jobs.dead.length > 0 && (
        <>
          <PlainTable
            label="Jobs that were given up"
            columns={COLUMNS}
            rows={jobs.dead}
            idOf={({ name }) => name}
            actions={({ name }) => (
              <button type="button" disabled={isBusy} onClick={() => void retry([name])}>
                Retry<span className="hidden"> {name}</span>
              </button>
            )}
          />
          <p className="notice">
            Why they failed is told by <code>tidewater jobs dead</code> only.
          </p>
        </>
      )}
    </section>
  );
}
