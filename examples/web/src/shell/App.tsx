import { useClient } from 'urql';

import { outcomeOf } from '../api/useChange';
import { useConnection } from '../api/useConnection';
import { graphql } from '../graphql';
import { Notes } from '../notes/Notes';
import { useViewer } from '../session/viewer';
import { Todos } from '../todos/Todos';
import styles from './App.module.css';
import { useNotices } from './notices';
import { useRoute } from './route';

const SignOut = graphql(`
  mutation SignOut {
    signOut {
      user {
        id
      }
    }
  }
`);

/** What is on each page: where one can go, who is signed in, and whether the server can be heard. */
export function App({ onSignedOut }: { onSignedOut: () => void }) {
  const route = useRoute();
  const client = useClient();
  const { name } = useViewer();
  const { isLost } = useConnection();
  const { tell } = useNotices();

  const signOut = async () => {
    const { failure } = outcomeOf(await client.mutation(SignOut, {}).toPromise());
    if (!failure) onSignedOut();
    else if (failure.code !== 'UNAUTHENTICATED') tell({ text: `You are not signed out. ${failure.message}` });
  };

  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <p className={styles.name}>Tidewater</p>
        <nav className={styles.places} aria-label="Places">
          <a href="#/" aria-current={route === 'todos' ? 'page' : undefined}>
            Todos
          </a>
          <a href="#/notes" aria-current={route === 'notes' ? 'page' : undefined}>
            Notes
          </a>
        </nav>
        <p className={styles.viewer}>
          <span className={styles.who}>{name}</span>
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        </p>
      </header>
      <p className={styles.connection} role="status">
        {isLost && 'The server cannot be reached. What you change is sent again for half a minute.'}
      </p>
      <main>{route === 'todos' ? <Todos /> : <Notes />}</main>
    </div>
  );
}
