import { Button, Dialog, VisuallyHidden } from '@graphiql/react';
import { useState } from 'react';
import { SignInForm } from '../account/sign-in-form';
import { useViewer } from '../account/use-viewer';
import { signIn, signOut, type Viewer } from '../api/viewer';

/**
 * Beside the name of the page: who is signed in, and a dialog that signs in and out. The session is the browser's: a cookie, which goes
 * along with what is asked.
 */
export function Account() {
  const viewer = useViewer();
  const [isOpen, setIsOpen] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const run = async (step: Promise<string | null>) => {
    setIsBusy(true);
    setFailure(await step);
    setIsBusy(false);
  };
  const open = (isOpen: boolean) => {
    setIsOpen(isOpen);
    setFailure(null);
  };
  if (viewer === undefined) {
    return null;
  }
  return (
    <>
      <Button type="button" className="account" onClick={() => open(true)}>
        {viewer ? viewer.name : 'Sign in'}
      </Button>
      <Dialog open={isOpen} onOpenChange={open}>
        <div className="graphiql-dialog-header">
          <Dialog.Title className="graphiql-dialog-title">{viewer ? 'Signed in' : 'Sign in'}</Dialog.Title>
          <VisuallyHidden>
            <Dialog.Description>Who is signed in, for this page and for the whole browser.</Dialog.Description>
          </VisuallyHidden>
          <Dialog.Close />
        </div>
        <div className="account-dialog">
          {viewer ? (
            <SignedIn viewer={viewer} isBusy={isBusy} onSignOut={() => run(signOut())} />
          ) : (
            <SignInForm isBusy={isBusy} onSignIn={(email, password) => run(signIn(email, password))} />
          )}
          {failure && (
            <p role="alert" className="failure">
              {failure}
            </p>
          )}
        </div>
      </Dialog>
    </>
  );
}

function SignedIn({ viewer, isBusy, onSignOut }: { viewer: Viewer; isBusy: boolean; onSignOut: () => void }) {
  return (
    <>
      <dl className="viewer">
        <dt>Name</dt>
        <dd>{viewer.name}</dd>
        <dt>E-mail</dt>
        <dd>{viewer.email}</dd>
        <dt>Role</dt>
        <dd>{viewer.role}</dd>
        <dt>Id</dt>
        <dd>
          <code>{viewer.id}</code>
        </dd>
      </dl>
      <Button type="button" disabled={isBusy} onClick={onSignOut}>
        Sign out
      </Button>
      <p>
        A tab whose headers have <code>Authorization</code> asks in the name of whomever that shows.
      </p>
    </>
  );
}
