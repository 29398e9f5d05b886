import { SignInForm } from '../../account/sign-in-form';
import { useViewer } from '../../account/use-viewer';
import { useState } from 'react';
import { signIn } from '../../api/viewer';
import { ListPage } from '../data/list-page';
import { ObjectPage } from '../data/object-page';
import { entityByField, rootLists } from '../schema/catalogue';
import { SessionsPage } from '../sessions/sessions-page';
import { Header } from './header';
import { Navigation } from './navigation';
import { useRoute, type Route } from './route';

export function App() {
  const viewer = useViewer();
  const route = useRoute();
  if (viewer === undefined) {
    return <p className="notice">Asking who is signed in…</p>;
  }
  if (viewer === null) {
    return <Welcome />;
  }
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <Header viewer={viewer} />
      <div className="frame">
        <Navigation route={route} />
        <main id="content" tabIndex={-1}>
          {viewer.role !== 'ADMIN' && <p className="notice">You are no administrator: you see what is yours, and what is public.</p>}
          <Content route={route} key={viewer.id} />
        </main>
      </div>
    </>
  );
}

function Content({ route: [first, id, field] }: { route: Route }) {
  if (first === 'sessions') {
    return <SessionsPage />;
  }
  const list = rootLists.find((candidate) => candidate.field === (first ?? rootLists[0]?.field));
  if (list) {
    return <ListPage list={list} id={null} key={list.field} />;
  }
  const entity = entityByField(first ?? '');
  return entity && id ? (
    <ObjectPage entity={entity} id={id} field={field ?? null} key={id} />
  ) : (
    <p className="notice">There is nothing at this address.</p>
  );
}

function Welcome() {
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const run = async (email: string, password: string) => {
    setIsBusy(true);
    setFailure(await signIn(email, password));
    setIsBusy(false);
  };
  return (
    <main className="welcome">
      <h1>Tidewater Studio</h1>
      <SignInForm isBusy={isBusy} onSignIn={run} />
      {failure && (
        <p role="alert" className="failure">
          {failure}
        </p>
      )}
    </main>
  );
}
