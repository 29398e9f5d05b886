import { useCallback, useMemo, useState } from 'react';
import { Provider, useQuery } from 'urql';

import { ANONYMOUS, createSessionClient } from '../api/client';
import { failureOf } from '../api/failure';
import { ConnectedContext } from '../api/useConnection';
import { graphql } from '../graphql';
import { App } from '../shell/App';
import { Problem } from '../shell/Problem';
import { SignIn } from './SignIn';
import styles from './SignIn.module.css';
import { ViewerContext } from './viewer';

const Viewer = graphql(`
  query Viewer {
    viewer {
      id
      name
    }
  }
`);

/** The page for whoever is signed in, or else the way in. Each session has a client of its own. */
export function Session() {
  const [{ number, hasEnded }, setSession] = useState({ number: 0, hasEnded: false });
  const begin = useCallback(() => {
    setSession((session) => ({ number: session.number + 1, hasEnded: false }));
  }, []);
  const end = useCallback(() => {
    setSession((session) => ({ number: session.number + 1, hasEnded: true }));
  }, []);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- another number, another session
  const { client, connected } = useMemo(() => createSessionClient(end), [number, end]);

  return (
    <Provider value={client}>
      <ConnectedContext value={connected}>
        <Gate key={number} hasEnded={hasEnded} onChange={begin} />
      </ConnectedContext>
    </Provider>
  );
}

interface GateProps {
  /** Whether a session has just ended by itself. */
  hasEnded: boolean;
  onChange: () => void;
}

function Gate({ hasEnded, onChange }: GateProps) {
  const [{ data, error }, read] = useQuery({ query: Viewer, variables: {}, context: ANONYMOUS });

  if (data?.viewer) {
    return (
      <ViewerContext value={data.viewer}>
        <App onSignedOut={onChange} />
      </ViewerContext>
    );
  }
  if (data) return <SignIn hasEnded={hasEnded} onSignedIn={onChange} />;
  if (error) {
    return (
      <main className={styles.page}>
        <Problem
          failure={failureOf(error)}
          again={() => {
            read({ requestPolicy: 'network-only' });
          }}
        />
      </main>
    );
  }
  return null;
}
