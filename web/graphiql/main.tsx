import { explorerPlugin } from '@graphiql/plugin-explorer';
import '@graphiql/plugin-explorer/style.css';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { createRoot } from 'react-dom/client';
import { refreshViewer } from '../api/viewer';
import { Account } from './account';
import { AddressedDocument } from './addressed-document';
import { examples } from './examples';
import { examplesPlugin } from './examples-plugin';
import './explain/explain.css';
import { explainPlugin } from './explain/explain-plugin';
import { fetcher } from './fetcher';
import './page.css';
import { ServingFooter } from './serving-footer';
import { SystemTheme } from './system-theme';

const plugins = [HISTORY_PLUGIN, explorerPlugin(), examplesPlugin, explainPlugin];
const [first] = examples;

void refreshViewer();
// Another page of the browser may have signed in or out meanwhile.
addEventListener('focus', () => void refreshViewer());

createRoot(document.getElementById('graphiql') as HTMLElement).render(
  <GraphiQL fetcher={fetcher} plugins={plugins} defaultQuery={first?.query ?? ''} defaultEditorToolsVisibility>
    <SystemTheme />
    <AddressedDocument />
    <GraphiQL.Logo>
      Tidewater
      <Account />
    </GraphiQL.Logo>
    <GraphiQL.Footer>
      <ServingFooter />
    </GraphiQL.Footer>
  </GraphiQL>,
);
