import { LineChart } from '../charts/line-chart';
import { quantile, type Durations } from '../history/quantile';
import type { Step } from '../history/step';
import { duration } from '../shown/number';
import type { Tide } from './lookups';

const QUANTILES: readonly [name: string, share: number][] = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
];

interface Properties {
  title: string;
  steps: readonly Step<Tide>[];
  durations: (tide: Tide) => Durations | null | undefined;
}

/** How long something took in the last minutes: what half, 95 and 99 of 100 did not exceed. */
export function LatencyChart({ title, steps, durations }: Properties) {
  const series = QUANTILES.map(([name, share]) => ({ name, values: steps.map((step) => quantile(step, durations, share)) }));
  return <LineChart title={title} times={steps.map(({ at }) => at)} series={series} show={duration} />;
}
