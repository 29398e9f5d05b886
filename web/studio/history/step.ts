import type { Sample } from './use-history';

/** Two samples of one server, and the time between them. */
export interface Step<T> {
  before: T;
  after: T;
  seconds: number;
  /** When it ended, in milliseconds. */
  at: number;
}

/** Over which time rates are taken, so that they do not jump. */
const WINDOW_MILLISECONDS = 5000;

/** The way to each sample from the one that was told a moment before; the first has none. */
export function steps<T>(samples: readonly Sample<T>[]): Step<T>[] {
  let from = 0;
  return samples.slice(1).flatMap((sample, index) => {
    while (from < index && (samples[from + 1]?.at ?? 0) <= sample.at - WINDOW_MILLISECONDS) {
      from += 1;
    }
    const before = samples[from];
    return before ? [between(before, sample)] : [];
  });
}

/** The way from the first sample to the last; null where there are not two. */
export function whole<T>(samples: readonly Sample<T>[]): Step<T> | null {
  const [before, after] = [samples[0], samples.at(-1)];
  return before && after && before !== after ? between(before, after) : null;
}

/** By how much a counter grew. */
export function grown<T>({ before, after }: Pick<Step<T>, 'before' | 'after'>, counter: (tide: T) => number): number {
  return Math.max(counter(after) - counter(before), 0);
}

/** By how much it grew a second. */
export function perSecond<T>(step: Step<T>, counter: (tide: T) => number): number {
  return grown(step, counter) / step.seconds;
}

function between<T>(before: Sample<T>, after: Sample<T>): Step<T> {
  return { before: before.tide, after: after.tide, seconds: (after.at - before.at) / 1000, at: after.at };
}
