import { createRoot } from 'react-dom/client';
import { refreshViewer } from '../api/viewer';
import { App } from './page/app';
import './data/table.css';
import './page/page.css';

void refreshViewer();
// Another page of the browser may have signed in or out meanwhile.
addEventListener('focus', () => void refreshViewer());

createRoot(document.getElementById('studio') as HTMLElement).render(<App />);
