import type { MissReason, TideNowQuery } from '../../generated/graphql';
import { grown, type Step } from '../history/step';

export type Tide = TideNowQuery['tide'];
type Space = Tide['spaces'][number];

/** What answered the lookups of a time. */
export interface Lookups {
  memory: number;
  redis: number;
  joined: number;
  database: number;
  all: number;
  /** The share that went to no database; null where nothing was looked up. */
  hitRatio: number | null;
  misses: { reason: MissReason; count: number }[];
  fills: number;
  invalidations: number;
  needless: number;
}

/** What answered the lookups of one kind of value, or of all kinds but responses and their parts, which are made of the others. */
export function lookups(step: Pick<Step<Tide>, 'before' | 'after'>, kind: string | null): Lookups {
  const sum = (counter: (space: Space) => number) =>
    grown(step, ({ spaces }) =>
      spaces.filter(({ name }) => (kind === null ? name !== 'response' && name !== 'part' : name === kind)).reduce((sum, space) => sum + counter(space), 0),
    );
  const reasons = new Set(step.after.spaces.flatMap(({ misses }) => misses.map(({ reason }) => reason)));
  const misses = [...reasons]
    .map((reason) => ({ reason, count: sum((space) => space.misses.find((miss) => miss.reason === reason)?.count ?? 0) }))
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count);
  const [memory, redis, joined] = [sum((space) => space.memoryHits), sum((space) => space.redisHits), sum((space) => space.joined)];
  const database = misses.reduce((sum, { count }) => sum + count, 0);
  const all = memory + redis + joined + database;
  return {
    memory,
    redis,
    joined,
    database,
    all,
    hitRatio: all === 0 ? null : (all - database) / all,
    misses,
    fills: sum((space) => space.fills),
    invalidations: sum((space) => space.invalidations),
    needless: sum((space) => space.needless),
  };
}
