// A plan as a tree that a person can read: one line and one bar for each read, and on a click its rule and statement.
import type { Plan, Read } from "./plans";

const CLAUSES = / (?=(?:FROM|WHERE|LEFT OUTER JOIN|GROUP BY|ORDER BY|LIMIT|UNION ALL)\b)/g;

export function PlanTree({ plan }: { plan: Plan }) {
  const all = flattened(plan.reads);
  const sources = [...new Set(all.map(({ source }) => source))];
  const sent = all.filter(({ statement }) => statement !== null).length;
  return (
    <div className="plan" role="region" aria-label="Plan of the last answer">
      <p className="plan-total">
        <strong>{milliseconds(plan.milliseconds)}</strong> by the {plan.engine} engine,{" "}
        {plan.cached ? "planned before" : "planned anew"}; {sent} {sent === 1 ? "statement" : "statements"}
      </p>
      <ul className="plan-sources">
        {sources.map((source, place) => (
          <li key={source} className={`plan-source-${place % 4}`}>
            {source}
          </li>
        ))}
      </ul>
      <Reads reads={plan.reads} above={[]} total={plan.milliseconds} sources={sources} />
      {plan.leftOut !== undefined && <p>{plan.leftOut} more reads aren't listed.</p>}
    </div>
  );
}

type Drawn = { above: string[]; total: number; sources: string[] };

function Reads({ reads, ...drawn }: Drawn & { reads: Read[] }) {
  return (
    <ul className="plan-reads">
      {alike(reads).map((same, place) => (
        <li key={place}>
          <AlikeReads same={same} {...drawn} />
          {same[0]!.children.length > 0 && <Reads {...drawn} reads={same[0]!.children} above={same[0]!.path} />}
        </li>
      ))}
    </ul>
  );
}

/** One read, or several that differ in their values alone: the files of each lead, say. */
function AlikeReads({ same, above, total, sources }: Drawn & { same: Read[] }) {
  const read = same[0]!;
  const rows = same.reduce((sum, one) => sum + one.rows, 0);
  const time = same.reduce((sum, one) => sum + one.milliseconds, 0);
  const tables = [read.table, ...read.along.map(({ table }) => table)].filter((table) => table !== null);
  return (
    <details className={`plan-read plan-source-${sources.indexOf(read.source) % 4}`}>
      <summary>
        <span className="plan-name">
          <strong>{titleOf(read, above)}</strong>
          {same.length > 1 && <span>{same.length} times</span>}
          <span className="plan-tables">{tables.join(" + ")}</span>
        </span>
        <span className="plan-figures">
          {read.error !== null && <span className="plan-error">{read.error}</span>}
          {read.sharedWith === null ? (
            <>
              <span>{rows === 1 ? "1 row" : `${rows} rows`}</span>
              <span>{read.statement === null ? (read.cached ? "kept" : "nothing sent") : milliseconds(time)}</span>
            </>
          ) : (
            <span>read with {read.sharedWith.join(".")}</span>
          )}
        </span>
        <Bar same={same} total={total} />
      </summary>
      <Details read={read} />
    </details>
  );
}

/** When statements were under way, within the time of the whole. */
function Bar({ same, total }: { same: Read[]; total: number }) {
  const sent = same.filter(({ begun }) => begun !== null);
  if (sent.length === 0) return null;
  return (
    <span className="plan-bar" aria-hidden="true">
      {sent.map(({ begun, milliseconds: time }, place) => (
        <span key={place} style={{ left: `${(100 * begun!) / total}%`, width: `${(100 * time) / total}%` }} />
      ))}
    </span>
  );
}

function Details({ read }: { read: Read }) {
  const rules = [{ table: read.table ?? "", policy: read.policy }, ...read.along].filter(({ policy }) => policy.length > 0);
  return (
    <div className="plan-details">
      <p>
        {capitalised(read.purpose)}, from {read.source}.{read.statement !== null && read.cached && " The statement's text was kept."}
      </p>
      {rules.map(({ table, policy }) => (
        <dl key={table}>
          {policy.map(({ name, says }) => (
            <div key={name}>
              <dt>
                <code>{name}</code> {rules.length > 1 && <span>{table}</span>}
              </dt>
              <dd>{says}</dd>
            </div>
          ))}
        </dl>
      ))}
      {read.proven && <p>The rows read before prove the rule: the statement needn't hold it.</p>}
      {read.statement !== null && <pre>{read.statement.replace(CLAUSES, "\n")}</pre>}
    </div>
  );
}

/** Where in the answer, as far as it isn't said by what is above; what for, where that is the same place. */
function titleOf({ path, purpose }: Read, above: string[]): string {
  const own = above.every((key, place) => path[place] === key) ? path.slice(above.length) : path;
  if (own.length > 0 && purpose === "rows") return own.join(".");
  return own.length > 0 ? `${own.join(".")}: ${purpose}` : capitalised(purpose);
}

/** Neighbours that look the same, together; what has something below it stays by itself. */
function alike(reads: Read[]): Read[][] {
  const groups: Read[][] = [];
  for (const read of reads) {
    const last = groups.at(-1);
    if (last !== undefined && read.children.length === 0 && looks(last[0]!) === looks(read)) last.push(read);
    else groups.push([read]);
  }
  return groups;
}

function looks({ path, purpose, source, statement, sharedWith, error, children }: Read): string {
  return JSON.stringify([path, purpose, source, statement, sharedWith, error, children.length]);
}

function flattened(reads: Read[]): Read[] {
  return reads.flatMap((read) => [read, ...flattened(read.children)]);
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
