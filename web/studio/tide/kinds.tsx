import { Sparkline } from '../charts/line-chart';
import { ShareBar } from '../charts/share-bar';
import type { Step } from '../history/step';
import { count, percent, rate } from '../shown/number';
import { Misses } from '../shown/misses';
import { PlainTable, type PlainColumn } from '../table/plain-table';
import { lookups, type Lookups, type Tide } from './lookups';

interface Kind extends Lookups {
  name: string;
  seconds: number;
  /** The hit ratio over time. */
  ratios: (number | null)[];
}

const COLUMNS: readonly PlainColumn<Kind>[] = [
  { name: 'kind', show: ({ name }) => <code>{name}</code>, by: ({ name }) => name },
  {
    name: 'lookups',
    title: 'A second',
    show: ({ all, seconds }) => `${rate(all / seconds)}/s`,
    by: ({ all }) => all,
    isNumber: true,
  },
  {
    name: 'hits',
    title: 'The share that went to no database',
    show: ({ hitRatio }) => (hitRatio === null ? '–' : percent(hitRatio)),
    by: ({ hitRatio }) => hitRatio ?? -1,
    isNumber: true,
  },
  { name: 'over time', show: ({ ratios }) => <Sparkline values={ratios} most={1} /> },
  {
    name: 'answered by',
    show: ({ memory, redis, joined, database }) => (
      <ShareBar
        show={count}
        shares={[
          { name: 'memory', value: memory },
          { name: 'Redis', value: redis },
          { name: 'joined', value: joined },
          { name: 'database', value: database },
        ]}
      />
    ),
  },
  { name: 'misses', show: ({ misses }) => <Misses misses={misses} />, by: ({ database }) => database },
  { name: 'fills', show: ({ fills }) => count(fills), by: ({ fills }) => fills, isNumber: true },
  {
    name: 'invalidated',
    title: 'Found in memory or Redis, and something that it depends on had changed',
    show: ({ invalidations }) => count(invalidations),
    by: ({ invalidations }) => invalidations,
    isNumber: true,
  },
  {
    name: 'needlessly',
    title: 'Of those in memory, how many the database answered the same for',
    show: ({ needless }) => count(needless),
    by: ({ needless }) => needless,
    isNumber: true,
  },
];

/** What was served and missed of each kind of value, as long as the page remembers. */
export function Kinds({ whole, steps }: { whole: Step<Tide>; steps: readonly Step<Tide>[] }) {
  const kinds = whole.after.spaces
    .map(({ name }) => ({ name, seconds: whole.seconds, ...lookups(whole, name) }))
    .filter(({ all }) => all > 0)
    .sort((one, other) => other.all - one.all)
    .map((kind) => ({ ...kind, ratios: steps.map((step) => lookups(step, kind.name).hitRatio) }));
  if (kinds.length === 0) {
    return <p className="notice">Nothing was looked up meanwhile.</p>;
  }
  return <PlainTable label="Kinds of values" columns={COLUMNS} rows={kinds} idOf={({ name }) => name} />;
}
