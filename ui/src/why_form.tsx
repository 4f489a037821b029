// "Why?": asks explainAccess about one row, and shows the answer.
import { Button } from "@graphiql/react";
import { useEffect, useState, type FormEvent } from "react";

import { ask } from "./ask";
import { ExplanationTree, type Explanation } from "./explanation_tree";
import { usePage } from "./page_context";
import type { Session } from "./session";
import { wordsOf } from "./transport";
import type { Subject } from "./view_as";

const STEPS = `through{id type databaseId says}`;
const EXPLAIN = `query($type:String!,$id:Int!,$as:AccessSubject!){explainAccess(type:$type,databaseId:$id,as:$as){
  type databaseId visible says obstacles rule ${STEPS} grounds{rule says holds whyNot ${STEPS}} columns{field access why}}}`;
const TYPES = `{__type(name:"Node"){possibleTypes{name}}}`;

type Outcome = { explanation: Explanation | null; problem: string | null };

export function WhyForm({ subject }: { subject: Subject }) {
  const { session } = usePage();
  const [outcome, setOutcome] = useState<Outcome>({ explanation: null, problem: null });
  const [busy, setBusy] = useState(false);
  const types = useTypes(session);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const entered = new FormData(event.currentTarget);
    const variables = {
      type: String(entered.get("type")).trim(),
      id: Number(entered.get("databaseId")),
      as: { [subject.kind]: subject.id },
    };
    setBusy(true);
    setOutcome(
      await ask(session, EXPLAIN, variables).then(
        ({ explainAccess }) => ({ explanation: explainAccess as Explanation, problem: null }),
        (error: unknown) => ({ explanation: null, problem: wordsOf(error) }),
      ),
    );
    setBusy(false);
  }

  return (
    <section aria-labelledby="why-title">
      <h2 id="why-title">Why?</h2>
      <p>Which rule shows {subject.name} a row or keeps it from them, and through which rows.</p>
      <form className="why-form" onSubmit={(event) => void submit(event)}>
        <div>
          <label htmlFor="why-type">Type</label>
          <input id="why-type" name="type" list="why-types" defaultValue="Lead" spellCheck={false} required />
          <datalist id="why-types">
            {types.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </div>
        <div>
          <label htmlFor="why-id">Database id</label>
          <input id="why-id" name="databaseId" type="number" min="0" max="2147483647" required />
        </div>
        <Button type="submit" disabled={busy}>
          Why?
        </Button>
      </form>
      <p className="login-message" role="alert">
        {outcome.problem}
      </p>
      {outcome.explanation !== null && <ExplanationTree explanation={outcome.explanation} />}
    </section>
  );
}

/** The names of the types whose rows have ids; none where the server can't be asked, for any can be typed. */
function useTypes(session: Session): string[] {
  const [types, setTypes] = useState<string[]>([]);
  useEffect(() => {
    ask(session, TYPES, {}).then(
      ({ __type }) => setTypes(__type.possibleTypes.map(({ name }: { name: string }) => name).sort()),
      () => undefined,
    );
  }, [session]);
  return types;
}
