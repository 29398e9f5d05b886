import type { ReactNode } from 'react';
import type { Load, Miss, Read, Report } from './report';
import { BYPASSED, changeOf, reasonOf, tiersOf } from './words';

const TIERS = [
  ['MEMORY', 'memory'],
  ['REDIS', 'Redis'],
  ['JOINED', 'joined'],
  ['DATABASE', 'database'],
] as const;

/** Of what an answer was made, and why nothing nearer served it. */
export function ReportView({ report }: { report: Report }) {
  const { response, reads, loads } = report;
  return (
    <>
      <dl>
        <Fact name="waited for polls">{milliseconds(report.gateMilliseconds)}</Fact>
        {report.ageMilliseconds > 0 && <Fact name="older than the request by at most">{milliseconds(report.ageMilliseconds)}</Fact>}
        {response.ageMilliseconds !== undefined && report.servedBy !== 'EXECUTION' && (
          <Fact name="response kept for">{milliseconds(response.ageMilliseconds)}</Fact>
        )}
        {TIERS.map(([tier, name]) => {
          const count = reads.filter(({ servedBy }) => servedBy === tier).length;
          return (
            count > 0 && (
              <Fact key={tier} name={`reads from ${name}`}>
                {count}
              </Fact>
            )
          );
        })}
      </dl>
      <section aria-label="Response">
        <h3>Response</h3>
        {response.bypassed && <p>{BYPASSED[response.bypassed]}</p>}
        {response.missed && <MissView miss={response.missed} />}
        <Dependencies names={response.dependencies} more={response.unnamedDependencies} />
      </section>
      <section aria-label="Reads">
        <h3>Reads</h3>
        {report.isReplayed && <p>As they were when the request was carried out once more, to tell them.</p>}
        <ol className="reads">
          {reads.map((read, index) => (
            <ReadView key={index} read={read} load={read.load === undefined ? undefined : loads[read.load]} />
          ))}
        </ol>
        {report.omittedReads > 0 && <p>{report.omittedReads} more are left out.</p>}
        {reads.length === 0 && <p>None.</p>}
      </section>
      {loads.length > 0 && (
        <section aria-label="Database">
          <h3>Database</h3>
          <ul className="loads">
            {loads.map((load, index) => (
              <li key={index}>{words(load)}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function ReadView({ read, load }: { read: Read; load: Load | undefined }) {
  return (
    <li data-served-by={read.servedBy}>
      <p className="read">
        <code>{read.space}</code>
        <span className="tier">{TIERS.find(([tier]) => tier === read.servedBy)?.[1]}</span>
        <small>{load ? milliseconds(load.milliseconds) : `${milliseconds(read.ageMilliseconds)} old, as of ${read.asOf}`}</small>
      </p>
      {read.missed && <MissView miss={read.missed} />}
      <Dependencies names={read.dependencies} more={read.unnamedDependencies} />
    </li>
  );
}

/** Why nothing nearer answered, and the change that is to blame. */
function MissView({ miss }: { miss: Miss }) {
  return (
    <p className="miss" data-reason={miss.reason}>
      <strong>{reasonOf(miss)}</strong>
      {miss.change && (
        <>
          : {miss.change.known === 'CHANGE' && <code>{miss.change.dependency}</code>} {changeOf(miss.change)}
          {miss.change.known === 'CHANGE' && (
            <>
              , seen <time dateTime={miss.change.seenAt}>{new Date(miss.change.seenAt).toLocaleTimeString()}</time>
            </>
          )}
        </>
      )}
      <small>{tiersOf(miss)}</small>
    </p>
  );
}

function Dependencies({ names, more }: { names: readonly string[]; more: number }) {
  if (names.length + more === 0) {
    return null;
  }
  if (names.length === 1 && more === 0) {
    return (
      <p className="dependency">
        depends on <code>{names[0]}</code>
      </p>
    );
  }
  return (
    <details>
      <summary>depends on {names.length + more} sets of rows</summary>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <code>{name}</code>
          </li>
        ))}
        {more > 0 && <li>{more} without a name</li>}
      </ul>
    </details>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function words({ space, reads, statements, milliseconds: time }: Load): string {
  return `${space}: ${reads} of the reads by ${statements} ${statements === 1 ? 'statement' : 'statements'} in ${milliseconds(time)}`;
}

function milliseconds(time: number): string {
  return time >= 10_000 ? `${Math.round(time / 1000)} s` : `${time.toFixed(time < 10 ? 1 : 0)} ms`;
}
