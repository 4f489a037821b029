// Finds a user or a partner's token by name while one types, and views as the one that is chosen.
import { useEffect, useState } from "react";

import { usePage } from "./page_context";
import type { Session } from "./session";
import { wordsOf } from "./transport";
import { findSubjects, type Subject } from "./view_as";

const PAUSE = 250;

export function SubjectFinder() {
  const { session } = usePage();
  const [text, setText] = useState("");
  const { found, problem } = useFound(session, text.trim());
  return (
    <div className="subject-finder">
      <label htmlFor="subject-name">User name, or the name or prefix of a partner token</label>
      <input
        id="subject-name"
        value={text}
        onChange={(event) => setText(event.target.value)}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
      <p className="finder-status" role="status">
        {problem ?? (found !== null && found.length === 0 ? "Nobody is called that." : "")}
      </p>
      <ul>
        {found?.map((subject) => (
          <li key={subject.id}>
            <SubjectButton subject={subject} />
          </li>
        ))}
      </ul>
    </div>
  );
}

type Answer = { found: Subject[] | null; problem: string | null };

const NOT_ASKED: Answer = { found: null, problem: null };

function useFound(session: Session, asked: string): Answer {
  const [answer, setAnswer] = useState(NOT_ASKED);
  useEffect(() => {
    if (asked === "") {
      setAnswer(NOT_ASKED);
      return undefined;
    }
    let wanted = true; // an answer that comes late isn't that of what is typed now
    const timer = window.setTimeout(() => {
      findSubjects(session, asked).then(
        (found) => wanted && setAnswer({ found, problem: null }),
        (error: unknown) => wanted && setAnswer({ found: null, problem: wordsOf(error) }),
      );
    }, PAUSE);
    return () => {
      wanted = false;
      window.clearTimeout(timer);
    };
  }, [session, asked]);
  return answer;
}

function SubjectButton({ subject }: { subject: Subject }) {
  const { viewing } = usePage();
  return (
    <button
      type="button"
      className="subject-button"
      disabled={subject.ended !== null}
      aria-label={`View as ${subject.name}, ${subject.ended ?? subject.role}`}
      onClick={() => viewing.view(subject)}
    >
      <span>{subject.name}</span>
      <span className="account-role">{subject.ended ?? subject.role}</span>
    </button>
  );
}
