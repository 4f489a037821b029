// Who is logged in, at the top right, in every panel's company.
import { Button } from "@graphiql/react";

import { usePage } from "./page_context";
import { START_TITLE } from "./start_title";

export function AccountStatus() {
  const { account, session, busy } = usePage();
  return (
    <div className="account-status">
      {account === null ? (
        <>
          <span className="account-hint" role="status">
            Log in to see the schema
          </span>
          <Button type="button" onClick={openLoginForm}>
            Log in
          </Button>
        </>
      ) : (
        <>
          <span role="status">
            {account.username} <span className="account-role">{account.role}</span>
          </span>
          <Button type="button" disabled={busy} onClick={() => void session.logout()}>
            Log out
          </Button>
        </>
      )}
    </div>
  );
}

// GraphiQL shows and hides the panels' column only from its own sidebar, so its button is pressed.
function openLoginForm(): void {
  document.querySelector<HTMLElement>(`.graphiql-sidebar [aria-label="Show ${START_TITLE}"]`)?.click();
  requestAnimationFrame(() => document.querySelector<HTMLElement>("#login-username")?.focus());
}
