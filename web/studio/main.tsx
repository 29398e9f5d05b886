import { createRoot } from 'react-dom/client';
import { refreshViewer } from '../api/viewer';
import { App } from './page/app';
import './page/page.css';
import './table/table.css';
import './data/data.css';
import './charts/chart.css';
import './tide/tide.css';
import './queries/queries.css';

void refreshViewer();
// Another page of the browser may have signed in or out meanwhile.
addEventListener('focus', () => void refreshViewer());

createRoot(document.getElementById('studio') as HTMLElement).render(<App />);
