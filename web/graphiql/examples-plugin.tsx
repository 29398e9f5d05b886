import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from '@graphiql/react';
import { useViewer } from '../account/use-viewer';
import { examples, type Example } from './examples';
import { ExamplesIcon } from './icons';

/** A panel of documents to begin with. Each opens in a tab of its own. */
export const examplesPlugin: GraphiQLPlugin = { title: 'Examples', icon: ExamplesIcon, content: Examples };

function Examples() {
  const viewer = useViewer();
  const open = useOpen();
  return (
    <section className="panel" aria-label="Examples">
      <h2>Examples</h2>
      <p>Each opens in a new tab.</p>
      <ul className="choices">
        {examples.map((example) => (
          <li key={example.title}>
            <button type="button" onClick={() => open(example)}>
              <span>{example.title}</span>
              {example.needsSignIn && viewer === null && <small>needs a sign-in</small>}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function useOpen(): (example: Example) => void {
  const { addTab, stop } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  return ({ query, variables = '', headers = '' }) => {
    // Or else a subscription of the tab before would be shown in the new one.
    stop();
    addTab();
    // What is in the editors becomes the tab's.
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
    headerEditor?.setValue(headers);
  };
}
