import type { GraphQLAnswer } from '../../api/message';
import type { Report } from './report';

/** The header that asks for an explanation. */
export const EXPLAIN = 'Tidewater-Explain';

/** Why the last run was answered as it was, as far as is known. */
export type Explanation =
  | { kind: 'none'; reason: string }
  | { kind: 'refused'; reason: string }
  | { kind: 'report'; report: Report };

interface State {
  isOn: boolean;
  explanation: Explanation;
}

const NOTHING: Explanation = { kind: 'none', reason: 'Run something.' };

let state: State = { isOn: false, explanation: NOTHING };
const listeners = new Set<() => void>();

export function currentState(): State {
  return state;
}

export function onStateChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether runs are to be explained. */
export function isExplaining(): boolean {
  return state.isOn;
}

export function explain(isOn: boolean): void {
  become({ isOn, explanation: NOTHING });
}

export function showExplanation(explanation: Explanation): void {
  become({ ...state, explanation });
}

/** Takes the explanation out of an answer, so that it is shown as it would be without. */
export function taken(answer: GraphQLAnswer<unknown>): Explanation {
  const { tidewater } = (answer.extensions ?? {}) as { tidewater?: { explain?: Report | { refused: string } } };
  const told = tidewater?.explain;
  delete tidewater?.explain;
  if (!told) {
    return { kind: 'none', reason: 'The server explains nothing of this answer.' };
  }
  return 'refused' in told ? { kind: 'refused', reason: told.refused } : { kind: 'report', report: told };
}

function become(next: State): void {
  state = next;
  listeners.forEach((listener) => listener());
}
