// What the page says of the subscription that runs: how it stands with its connection, and how much has come.
import { Store } from "./store";

type State = {
  /** Null while none runs. */
  phase: "connecting" | "open" | "cut" | null;
  events: number;
  /** How often it has gone on after a cut. */
  resumed: number;
  why: string;
};

const NOTHING: State = { phase: null, events: 0, resumed: 0, why: "" };

export class LiveStatus extends Store<State> {
  constructor() {
    super(NOTHING);
  }

  begin(): void {
    this.change({ ...NOTHING, phase: "connecting" });
  }

  opened(): void {
    const { phase, resumed } = this.getState();
    this.change({ phase: "open", resumed: phase === "cut" ? resumed + 1 : resumed });
  }

  event(): void {
    this.change({ events: this.getState().events + 1 });
  }

  cut(why: string): void {
    this.change({ phase: "cut", why });
  }

  end(): void {
    this.change(NOTHING);
  }
}
