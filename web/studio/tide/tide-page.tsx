import { useState } from 'react';
import { ServerChoice } from '../history/server-choice';
import { steps, whole } from '../history/step';
import { useHistory } from '../history/use-history';
import { usePolled } from '../use-polled';
import { Changes } from './changes';
import { tideNow } from './documents';
import { Kinds } from './kinds';
import { TideCharts } from './tide-charts';
import { TideTiles } from './tide-tiles';

const INTERVAL_MILLISECONDS = 1000;
const NOTHING = {};

/** What a server does: how it is, what served its reads, and what changes, from when the page was opened on. */
export function TidePage() {
  const [isPaused, setIsPaused] = useState(false);
  const { data, failure } = usePolled(tideNow, NOTHING, INTERVAL_MILLISECONDS, isPaused);
  const history = useHistory(data?.tide);
  const latest = history.samples.at(-1);
  const taken = steps(history.samples);
  const all = whole(history.samples);
  return (
    <>
      <section className="tide" aria-label="tide">
        <div className="toolbar">
          <h1>tide</h1>
          {history.server && <ServerChoice history={history} />}
          <button type="button" aria-pressed={isPaused} onClick={() => setIsPaused(!isPaused)}>
            Pause
          </button>
        </div>
        {failure && (
          <p role="alert" className="failure">
            {failure.message}
          </p>
        )}
        {!latest && !failure && <p className="notice">Asking…</p>}
        {latest && <TideTiles tide={latest.tide} />}
        {latest && <TideCharts steps={taken} />}
      </section>
      {all && (
        <section aria-label="kinds">
          <div className="toolbar">
            <h2>kinds of values</h2>
            <small>in the last {Math.max(Math.round(all.seconds), 1)} s</small>
          </div>
          <Kinds whole={all} steps={taken} />
        </section>
      )}
      {latest && <Changes isPaused={isPaused} />}
    </>
  );
}
