import type { SubmitEvent } from 'react';

/** The password of all users that the demo data has. */
const DEMO_PASSWORD = 'tidewater';
const DEMO_USERS = [
  { email: 'user1@example.test', about: 'an administrator' },
  { email: 'user2@example.test', about: 'a user' },
  { email: 'user3@example.test', about: 'another user' },
];

interface Properties {
  isBusy: boolean;
  onSignIn: (email: string, password: string) => void;
}

/** Takes an address and a password, or a user of the demo data. Its looks are the page's. */
export function SignInForm({ isBusy, onSignIn }: Properties) {
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    onSignIn(String(fields.get('email')), String(fields.get('password')));
  };
  return (
    <>
      <form onSubmit={submit} className="sign-in">
        <label>
          E-mail
          <input name="email" type="email" autoComplete="username" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit" disabled={isBusy}>
          Sign in
        </button>
      </form>
      <h2>Or, with the demo data, as</h2>
      <ul className="choices">
        {DEMO_USERS.map(({ email, about }) => (
          <li key={email}>
            <button type="button" disabled={isBusy} onClick={() => onSignIn(email, DEMO_PASSWORD)}>
              <span>{email}</span>
              <small>{about}</small>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
