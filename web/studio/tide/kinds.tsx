import { useState } from 'react';
import { LineChart, Sparkline } from '../charts/line-chart';
import { ShareBar } from '../charts/share-bar';
import type { Step } from '../history/step';
import { count, percent, rate } from '../shown/number';
import { Misses } from '../shown/misses';
import { PlainTable, type PlainColumn } from '../table/plain-table';
import { lookups, type Lookups, type Tide } from './lookups';

interface Kind extends Lookups {
  name: string;
  seconds: number;
  /** What answered it over time. */
  past: readonly Lookups[];
}

const TIERS = [
  ['memory', 'memory'],
  ['redis', 'Redis'],
  ['joined', 'joined'],
  ['database', 'database'],
] as const;

const COLUMNS: readonly PlainColumn<Kind>[] = [
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
  { name: 'over time', show: ({ past }) => <Sparkline values={past.map(({ hitRatio }) => hitRatio)} most={1} /> },
  {
    name: 'answered by',
    show: (kind) => <ShareBar show={count} shares={TIERS.map(([tier, name]) => ({ name, value: kind[tier] }))} />,
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

/** What was served and missed of each kind of value, as long as the page remembers. A kind opens to what answered it over time. */
export function Kinds({ whole, steps }: { whole: Step<Tide>; steps: readonly Step<Tide>[] }) {
  const [open, setOpen] = useState<string | null>(null);
  const kinds = whole.after.spaces
    .map(({ name }) => ({ name, seconds: whole.seconds, ...lookups(whole, name) }))
    .filter(({ all }) => all > 0)
    .sort((one, other) => other.all - one.all)
    .map((kind) => ({ ...kind, past: steps.map((step) => lookups(step, kind.name)) }));
  if (kinds.length === 0) {
    return <p className="notice">Nothing was looked up meanwhile.</p>;
  }
  const named: PlainColumn<Kind> = {
    name: 'kind',
    show: ({ name }) => (
      <button type="button" className="value" aria-expanded={name === open} onClick={() => setOpen(name === open ? null : name)}>
        <code>{name}</code>
      </button>
    ),
    by: ({ name }) => name,
  };
  const times = steps.map(({ at }) => at);
  return (
    <PlainTable
      label="Kinds of values"
      columns={[named, ...COLUMNS]}
      rows={kinds}
      idOf={({ name }) => name}
      below={({ name, past }) => name === open && <Tiers name={name} times={times} past={past} />}
    />
  );
}

/** By which share each tier answered the lookups of a kind. */
function Tiers({ name, times, past }: { name: string; times: readonly number[]; past: readonly Lookups[] }) {
  const series = TIERS.map(([tier, name]) => ({ name, values: past.map((one) => (one.all === 0 ? null : one[tier] / one.all)) }));
  return (
    <div className="tiers">
      <LineChart title={`What answered ${name}`} times={times} most={1} show={percent} series={series} />
    </div>
  );
}
