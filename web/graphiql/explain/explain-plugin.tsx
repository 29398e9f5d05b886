import type { GraphiQLPlugin } from '@graphiql/react';
import { useSyncExternalStore } from 'react';
import { ExplainIcon } from '../icons';
import { currentState, explain, onStateChange, type Explanation } from './explanation';
import { ReportView } from './report-view';
import { SERVED_BY } from './words';

/** A panel that tells why the last run was answered as it was. */
export const explainPlugin: GraphiQLPlugin = { title: 'Explain', icon: ExplainIcon, content: Explain };

function Explain() {
  const { isOn, explanation } = useSyncExternalStore(onStateChange, currentState);
  return (
    <section className="panel explain" aria-label="Explain">
      <h2>Explain</h2>
      <label className="switch">
        <input type="checkbox" checked={isOn} onChange={(event) => explain(event.target.checked)} />
        <span>
          Explain each run, by <code>Tidewater-Explain: 1</code>
        </span>
      </label>
      <p role="status" className={explanation.kind === 'refused' ? 'failure' : 'verdict'}>
        {isOn && sentence(explanation)}
      </p>
      {isOn && explanation.kind === 'report' && <ReportView report={explanation.report} />}
    </section>
  );
}

function sentence(explanation: Explanation): string {
  switch (explanation.kind) {
    case 'none':
      return explanation.reason;
    case 'refused':
      return `Refused: ${explanation.reason}.`;
    case 'report':
      return SERVED_BY[explanation.report.servedBy];
  }
}
