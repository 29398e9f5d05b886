import { type ReactNode, useState } from 'react';
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

/** The page for whoever is signed in, or else the way in. What one session knows ends with it. */
export function Session() {
  const [{ number, hasEnded }, setSession] = useState({ number: 0, hasEnded: false });
  const begin = (hasEnded: boolean) => {
    setSession((session) => ({ number: session.number + 1, hasEnded }));
  };
  return (
    <Client
      key={number}
      onEnded={() => {
        begin(true);
      }}
    >
      <Gate
        hasEnded={hasEnded}
        onChange={() => {
          begin(false);
        }}
      />
    </Client>
  );
}

/** A client of its own for what is in it. */
function Client({ onEnded, children }: { onEnded: () => void; children: ReactNode }) {
  const [{ client, connected }] = useState(() => createSessionClient(onEnded));
  return (
    <Provider value={client}>
      <ConnectedContext value={connected}>{children}</ConnectedContext>
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
