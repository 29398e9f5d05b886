import { useState } from 'react';
import { useClient } from 'urql';

import { ANONYMOUS } from '../api/client';
import type { Failure } from '../api/failure';
import { outcomeOf } from '../api/useChange';
import { graphql } from '../graphql';
import { TextField } from '../shell/Field';
import { Problem, useCountdown } from '../shell/Problem';
import styles from './SignIn.module.css';

const SignInMutation = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      viewer {
        id
      }
    }
  }
`);

const SignUpMutation = graphql(`
  mutation SignUp($input: SignUpInput!) {
    signUp(input: $input) {
      viewer {
        id
      }
    }
  }
`);

interface SignInProps {
  hasEnded: boolean;
  onSignedIn: () => void;
}

/** The way in, for those who have an account and those who have none yet. The server sets a cookie; the page sees no token. */
export function SignIn({ hasEnded, onSignedIn }: SignInProps) {
  const client = useClient();
  const [isNew, setIsNew] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const [isPending, setIsPending] = useState(false);
  const isWaiting = useCountdown(failure) > 0;

  const submit = async (form: FormData) => {
    const text = (name: string) => form.get(name) as string;
    const input = { email: text('email'), password: text('password') };
    setIsPending(true);
    const outcome = isNew
      ? outcomeOf(await client.mutation(SignUpMutation, { input: { ...input, name: text('name') } }, ANONYMOUS).toPromise())
      : outcomeOf(await client.mutation(SignInMutation, { input }, ANONYMOUS).toPromise());
    setIsPending(false);
    setFailure(outcome.failure);
    if (!outcome.failure) onSignedIn();
  };

  return (
    <main className={styles.page}>
      <h1 className={styles.name}>Tidewater</h1>
      <p className={styles.notice} role="status">
        {hasEnded ? 'Your session has ended. Sign in again to go on.' : 'Todos and notes, always as they are.'}
      </p>
      <form
        key={String(isNew)}
        className={styles.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit(new FormData(event.currentTarget));
        }}
      >
        {isNew && <TextField label="Name" name="name" autoComplete="name" failure={failure} />}
        <TextField label="E-mail" name="email" type="email" autoComplete="email" failure={failure} />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete={isNew ? 'new-password' : 'current-password'}
          failure={failure}
        />
        {failure && !failure.field && <Problem failure={failure} />}
        <button className="primary" disabled={isPending || isWaiting}>
          {isNew ? 'Create account' : 'Sign in'}
        </button>
      </form>
      <p className="quiet">
        {isNew ? 'You have an account?' : 'New here?'}{' '}
        <button
          type="button"
          className={styles.other}
          onClick={() => {
            setIsNew(!isNew);
            setFailure(undefined);
          }}
        >
          {isNew ? 'Sign in instead' : 'Create an account'}
        </button>
      </p>
    </main>
  );
}
