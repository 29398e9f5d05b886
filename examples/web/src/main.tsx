import '@fontsource-variable/literata';
import './styles.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { Session } from './session/Session';
import { Notices } from './shell/notices';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element with the id "root".');

createRoot(root).render(
  <StrictMode>
    <Notices>
      <Session />
    </Notices>
  </StrictMode>,
);
