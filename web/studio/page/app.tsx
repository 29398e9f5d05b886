import { SignInForm } from '../../account/sign-in-form';
import { useViewer } from '../../account/use-viewer';
import { useEffect, useRef, useState, type ComponentType } from 'react';
import { signIn } from '../../api/viewer';
import { DeletionsContext, useNewDeletions } from '../data/deletions';
import { ListPage } from '../data/list-page';
import { ObjectPage } from '../data/object-page';
import { Undo } from '../data/undo';
import { JobsPage } from '../jobs/jobs-page';
import { QueriesPage } from '../queries/queries-page';
import { entityNamed, rootLists } from '../schema/catalogue';
import { SessionsPage } from '../sessions/sessions-page';
import { TidePage } from '../tide/tide-page';
import { Header } from './header';
import { Navigation } from './navigation';
import { useRoute, type Route } from './route';

/** The pages that are no list of rows, by the first part of their routes. */
const PAGES = new Map<string, ComponentType>([
  ['tide', TidePage],
  ['queries', QueriesPage],
  ['jobs', JobsPage],
  ['sessions', SessionsPage],
]);

export function App() {
  const viewer = useViewer();
  const route = useRoute();
  const content = useRef<HTMLElement>(null);
  const [isGuest, setIsGuest] = useState(false);
  const [first = rootLists[0]?.field] = route;
  useEffect(() => {
    document.title = `${first} · Studio · Tidewater`;
  }, [first]);
  if (viewer === undefined) {
    return <p className="notice">Asking who is signed in…</p>;
  }
  if (viewer === null && !isGuest) {
    return <Welcome onGuest={() => setIsGuest(true)} />;
  }
  return (
    <>
      <button type="button" className="skip" onClick={() => content.current?.focus()}>
        Skip to the content
      </button>
      <Header viewer={viewer} onSignIn={() => setIsGuest(false)} />
      <div className="frame">
        <Navigation route={route} />
        <main ref={content} tabIndex={-1}>
          {viewer === null && <p className="notice">You are not signed in: you see what is public.</p>}
          {viewer !== null && viewer.role !== 'ADMIN' && (
            <p className="notice">You are no administrator: you see what is yours, and what is public.</p>
          )}
          <Content route={route} key={viewer?.id} />
        </main>
      </div>
    </>
  );
}

/** The page of a route, and what is about to be deleted, whose time passes on all pages. */
function Content({ route }: { route: Route }) {
  return (
    <DeletionsContext value={useNewDeletions()}>
      <Routed route={route} />
      <Undo />
    </DeletionsContext>
  );
}

function Routed({ route: [first, id, field] }: { route: Route }) {
  const Page = PAGES.get(first ?? '');
  if (Page) {
    return <Page />;
  }
  const list = rootLists.find((candidate) => candidate.field === (first ?? rootLists[0]?.field));
  if (list) {
    return <ListPage list={list} id={null} key={list.field} />;
  }
  const entity = entityNamed(first ?? '');
  return entity && id ? (
    <ObjectPage entity={entity} id={id} field={field ?? null} key={id} />
  ) : (
    <div className="notice">
      <h1>Nothing</h1>
      <p>There is nothing at this address.</p>
    </div>
  );
}

/** Asks who is there. A server under development, or what is public, needs nobody. */
function Welcome({ onGuest }: { onGuest: () => void }) {
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
      <button type="button" onClick={onGuest}>
        Go on without signing in
      </button>
      {failure && (
        <p role="alert" className="failure">
          {failure}
        </p>
      )}
    </main>
  );
}
