import type { GraphiQLPlugin } from '@graphiql/react';
import { useViewer } from '../account/use-viewer';
import { examples } from './examples';
import { ExamplesIcon } from './icons';
import { useOpenTab } from './open-tab';

/** A panel of documents to begin with. Each opens in a tab of its own. */
export const examplesPlugin: GraphiQLPlugin = { title: 'Examples', icon: ExamplesIcon, content: Examples };

function Examples() {
  const viewer = useViewer();
  const open = useOpenTab();
  return (
    <section className="panel" aria-label="Examples">
      <h2>Examples</h2>
      <p>Each opens in a new tab.</p>
      <ul className="choices">
        {examples.map((example) => (
          <li key={example.title}>
            <button type="button" onClick={() => open?.(example)}>
              <span>{example.title}</span>
              {example.needsSignIn && viewer === null && <small>needs a sign-in</small>}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
