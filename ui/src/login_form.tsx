// Logging in and out, with one click for each of a demo's accounts.
import { Button } from "@graphiql/react";
import { useRef, type FormEvent } from "react";

import type { DemoAccount } from "./configuration";
import { usePage } from "./page_context";

export function LoginForm() {
  const { account, message } = usePage();
  return (
    <section aria-labelledby="account-title">
      <h2 id="account-title">Account</h2>
      {account === null ? <CredentialsForm /> : <CurrentAccount />}
      <p className="login-message" role="alert">
        {message}
      </p>
      <DemoAccounts />
    </section>
  );
}

function CredentialsForm() {
  const { session, busy } = usePage();
  const password = useRef<HTMLInputElement>(null);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const entered = new FormData(event.currentTarget);
    await session.login(String(entered.get("username")).trim(), String(entered.get("password")));
    password.current?.select(); // still there only when the login failed
  }

  return (
    <form className="login-form" onSubmit={(event) => void submit(event)}>
      <p>Log in to see the schema. Until then it holds little more than logging in.</p>
      <label htmlFor="login-username">Username</label>
      <input id="login-username" name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
      <label htmlFor="login-password">Password</label>
      <input ref={password} id="login-password" name="password" type="password" autoComplete="current-password" required />
      <Button type="submit" disabled={busy}>
        {busy ? "Logging in…" : "Log in"}
      </Button>
    </form>
  );
}

function CurrentAccount() {
  const { account } = usePage();
  return (
    <p>
      Logged in as <strong>{account?.username}</strong>, role <strong>{account?.role}</strong>. The schema and the rows are
      those of this account.
    </p>
  );
}

function DemoAccounts() {
  const { configuration, account } = usePage();
  if (configuration.demoAccounts.length === 0) return null;
  return (
    <div className="demo-accounts" role="group" aria-labelledby="demo-accounts-title">
      <h3 id="demo-accounts-title">Demo accounts</h3>
      <ul>
        {configuration.demoAccounts.map((demoAccount) => (
          <li key={demoAccount.username}>
            <DemoAccountButton demoAccount={demoAccount} current={account?.username === demoAccount.username} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function DemoAccountButton({ demoAccount, current }: { demoAccount: DemoAccount; current: boolean }) {
  const { configuration, session, busy } = usePage();
  const { username, role } = demoAccount;

  function choose(): void {
    if (configuration.demoPassword !== null) void session.login(username, configuration.demoPassword);
    else askForPassword(username);
  }

  return (
    <Button
      type="button"
      disabled={busy || current}
      aria-label={`Log in as ${username}, role ${role}`}
      aria-current={current || undefined}
      title={role}
      onClick={choose}
    >
      {username}
    </Button>
  );
}

function askForPassword(username: string): void {
  const field = document.querySelector<HTMLInputElement>("#login-username");
  if (field !== null) field.value = username;
  document.querySelector<HTMLInputElement>("#login-password")?.focus();
}
