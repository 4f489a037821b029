// What explainAccess answered, as a tree that a person can read: the verdict, the rows that decided, what else was tried.

export type Step = { id: string; type: string; databaseId: number; says: string };

type Ground = { rule: string; says: string; holds: boolean; whyNot: string | null; through: Step[] };

type Column = { field: string; access: "READABLE" | "MASKED" | "ABSENT"; why: string | null };

export type Explanation = {
  type: string;
  databaseId: number;
  visible: boolean;
  says: string;
  obstacles: string[];
  rule: string | null;
  through: Step[];
  grounds: Ground[];
  columns: Column[];
};

export function ExplanationTree({ explanation }: { explanation: Explanation }) {
  const { type, databaseId, visible, says, rule, through, grounds, obstacles } = explanation;
  const others = grounds.filter((ground) => ground.rule !== rule);
  return (
    <div className="explanation" role="region" aria-label={`Why ${type} ${databaseId}`}>
      <p className={visible ? "verdict is-visible" : "verdict"}>
        <strong>
          {type} {databaseId}
        </strong>
        {says}
      </p>
      {obstacles.length > 1 && obstacles.slice(1).map((obstacle) => <p key={obstacle}>{obstacle}</p>)}
      {rule !== null && <Chain rule={rule} steps={through} />}
      {others.length > 0 && (
        <>
          <h3>{visible ? "Other grounds" : "Grounds"}</h3>
          <ul className="ground-list">
            {others.map((ground) => (
              <OtherGround key={ground.rule} ground={ground} />
            ))}
          </ul>
        </>
      )}
      <Columns columns={explanation.columns} />
    </div>
  );
}

function Chain({ rule, steps }: { rule: string; steps: Step[] }) {
  return (
    <>
      <h3>
        Through <code>{rule}</code>
      </h3>
      <ol className="step-list">
        {steps.map((step, place) => (
          <li key={place}>
            <strong>
              {step.type} {step.databaseId}
            </strong>
            <span>{step.says}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

function OtherGround({ ground }: { ground: Ground }) {
  const { rule, says, holds, whyNot, through } = ground;
  return (
    <li className={holds ? "ground holds" : "ground"}>
      <code>{rule}</code>
      <span>{holds ? says : whyNot}</span>
      {through.length > 1 && <span className="ground-way">{through.map(named).join(" → ")}</span>}
    </li>
  );
}

function named({ type, databaseId }: Step): string {
  return `${type} ${databaseId}`;
}

function Columns({ columns }: { columns: Column[] }) {
  const readable = columns.filter(({ access }) => access === "READABLE").length;
  const reasons = [...new Set(columns.map(({ access, why }) => `${access} ${why ?? ""}`))];
  const groups = reasons.map((reason) => columns.filter(({ access, why }) => `${access} ${why ?? ""}` === reason));
  return (
    <>
      {columns.length > 0 && <h3>Columns: {readable} of {columns.length} readable</h3>}
      <ul className="ground-list">
        {groups.map((group) => {
          const { access, why, field } = group[0]!;
          return access === "READABLE" ? null : (
            <li key={field} className="ground">
              <code>{access}</code>
              <span>
                {group.map((column) => column.field).join(", ")}. {why}
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}
