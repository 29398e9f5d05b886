import { grown, type Step } from './step';

/** How often something took how long: the shortest first, each longer than those of the bucket before. */
export interface Durations {
  buckets: readonly Bucket[];
}

interface Bucket {
  /** The longest that belongs here; none if all do that are longer. */
  upToSeconds?: number | null;
  count: number;
}

/**
 * How many seconds the shortest `share` of what was counted meanwhile took at most; null where nothing was. It is estimated as the server
 * estimates those since its start: what lies within a bucket is taken to be spread evenly, and what is longer than all bounds to be as
 * long as the last.
 */
export function quantile<T>(step: Step<T>, durations: (tide: T) => Durations | null | undefined, share: number): number | null {
  const buckets = durations(step.after)?.buckets ?? [];
  const counts = buckets.map((_, index) => grown(step, (tide) => durations(tide)?.buckets[index]?.count ?? 0));
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) {
    return null;
  }
  const rank = Math.max(share * all, 1);
  let [below, lower] = [0, 0];
  for (const [index, { upToSeconds }] of buckets.entries()) {
    const count = counts[index] ?? 0;
    if (upToSeconds == null) {
      break;
    }
    if (count > 0 && below + count >= rank) {
      return lower + ((upToSeconds - lower) * (rank - below)) / count;
    }
    [below, lower] = [below + count, upToSeconds];
  }
  return lower;
}
