// Says at the top of the page, all the while, that what is shown is another's.
import { usePage } from "./page_context";

export function ViewBanner() {
  const { subject, viewing } = usePage();
  return (
    <div className="view-banner" role="status" hidden={subject === null}>
      {subject !== null && (
        <>
          <span>
            Viewing as <strong>{subject.name}</strong> ({subject.role}): their schema and their rows, read-only. It is noted in
            the audit.
          </span>
          <button type="button" onClick={() => viewing.stop()}>
            Stop viewing
          </button>
        </>
      )}
    </div>
  );
}
