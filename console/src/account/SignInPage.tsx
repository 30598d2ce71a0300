import { type FormEvent, useState } from 'react';
import { useClient } from '../parley.ts';
import { accepted } from '../problem.ts';
import { Field } from '../ui/Field.tsx';
import { Notice } from '../ui/Notice.tsx';
import { useAction } from '../useAction.ts';

/** Sign in, or found an organization. */
export const SignInPage = () => {
  const client = useClient();
  const [isNew, setNew] = useState(false);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [organizationName, setOrganizationName] = useState('');
  const [totp, setTotp] = useState('');
  const enter = useAction(async () => {
    if (isNew) accepted(await client.signUp({ email, password, organizationName }));
    else accepted(await client.signIn({ email, password, ...(totp === '' ? {} : { totp }) }));
  });
  const fields = enter.problem?.fields ?? {};
  const [asksTotp, setAsksTotp] = useState(false);
  if (enter.problem?.code === 'TOTP_REQUIRED' && !asksTotp) setAsksTotp(true);
  const choose = (next: boolean): void => {
    setNew(next);
    enter.clear();
  };

  return (
    <main className="account">
      <section className="accountIntro">
        <p className="brand large">
          <img src="/favicon.svg" alt="" width="36" height="36" />
          Parley
        </p>
        <h1>Voice agents that sell with what they know.</h1>
        <p className="lead">
          Hear every answer as it is spoken, see which passage it came from, and step in when it matters.
        </p>
      </section>
      <form
        className="accountForm"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void enter.run();
        }}
      >
        <div className="tabs" role="tablist" aria-label="Account">
          <button type="button" role="tab" aria-selected={!isNew} onClick={() => choose(false)}>
            Sign in
          </button>
          <button type="button" role="tab" aria-selected={isNew} onClick={() => choose(true)}>
            Create account
          </button>
        </div>
        {isNew && (
          <Field label="Organization" error={fields['organizationName']}>
            {(control) => (
              <input
                {...control}
                required
                autoComplete="organization"
                value={organizationName}
                onChange={(event) => setOrganizationName(event.target.value)}
              />
            )}
          </Field>
        )}
        <Field label="Email" error={fields['email']}>
          {(control) => (
            <input
              {...control}
              type="email"
              required
              autoComplete="username"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          )}
        </Field>
        <Field
          label="Password"
          error={fields['password']}
          hint={isNew ? 'A few unrelated words make a good one.' : undefined}
        >
          {(control) => (
            <input
              {...control}
              type="password"
              required
              autoComplete={isNew ? 'new-password' : 'current-password'}
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
        {asksTotp && !isNew && (
          <Field label="Authenticator code" error={fields['totp']}>
            {(control) => (
              <input
                {...control}
                inputMode="numeric"
                autoComplete="one-time-code"
                value={totp}
                onChange={(event) => setTotp(event.target.value)}
              />
            )}
          </Field>
        )}
        <Notice problem={enter.problem} />
        <button type="submit" className="button primary wide" disabled={enter.isBusy}>
          {enter.isBusy ? 'One moment…' : isNew ? 'Create account' : 'Sign in'}
        </button>
      </form>
    </main>
  );
};
