// From where a subscription goes on after a cut: the cursor of its last event, and the variable that takes it. Pure.
import type { ArgumentNode, ExecutionResult, FieldNode, OperationDefinitionNode } from "graphql";

export class ResumePoint {
  /** The last place that is known; null where the events don't select their `cursor`. */
  cursor: string | null;
  private readonly variable: string | null;

  constructor(
    operation: OperationDefinitionNode,
    private readonly variables: Record<string, unknown> = {},
  ) {
    const after = afterOf(operation)?.value;
    this.variable = after?.kind === "Variable" ? after.name.value : null;
    const given = after?.kind === "StringValue" ? after.value : this.variable !== null && variables[this.variable];
    this.cursor = typeof given === "string" ? given : null;
  }

  /** Whether another connection would miss nothing. */
  get isKnown(): boolean {
    return this.variable !== null && this.cursor !== null;
  }

  /** The variables with which the subscription goes on from here. */
  get variablesFromHere(): Record<string, unknown> {
    return this.variable === null || this.cursor === null ? this.variables : { ...this.variables, [this.variable]: this.cursor };
  }

  /** Moves behind an event. One that holds nothing but errors has no place. */
  pass(event: ExecutionResult): void {
    const row = Object.values(event.data ?? {})[0] as { cursor?: unknown } | null | undefined;
    if (row) this.cursor = typeof row.cursor === "string" ? row.cursor : null;
  }
}

function afterOf(operation: OperationDefinitionNode): ArgumentNode | undefined {
  const field = operation.selectionSet.selections.find((one): one is FieldNode => one.kind === "Field");
  return field?.arguments?.find((argument) => argument.name.value === "after");
}
