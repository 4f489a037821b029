// Says at the bottom of the page, while a subscription runs, how it stands.
import { useSyncExternalStore } from "react";

import type { LiveStatus } from "./live_status";

export function LiveBar({ status }: { status: LiveStatus }) {
  const { phase, events, resumed, why } = useSyncExternalStore(status.subscribe, status.getState);
  return (
    <div className="live-bar" role="status" data-phase={phase} hidden={phase === null}>
      {phase === "connecting" && "Live: connecting …"}
      {phase === "open" && `Live: ${events === 0 ? "waiting for the first event" : `${counted(events, "event")} so far`}.${history(resumed)}`}
      {phase === "cut" && `The connection was cut (${why}). Connecting again, to go on after the last event …`}
    </div>
  );
}

function history(resumed: number): string {
  return resumed === 0 ? "" : ` It was cut ${counted(resumed, "time")} and went on after the last event; nothing is missing.`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
