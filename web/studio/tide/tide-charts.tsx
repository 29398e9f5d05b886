import { LineChart } from '../charts/line-chart';
import { perSecond, type Step } from '../history/step';
import { percent, rate } from '../shown/number';
import { LatencyChart } from './latency-chart';
import { lookups, type Tide } from './lookups';

/** What a server did in the last minutes, as lines. */
export function TideCharts({ steps }: { steps: readonly Step<Tide>[] }) {
  const shared = { times: steps.map(({ at }) => at) };
  const told = steps.map((step) => ({ values: lookups(step, null), responses: lookups(step, 'response'), seconds: step.seconds }));
  const series = (name: string, value: (one: (typeof told)[number]) => number | null) => ({ name, values: told.map(value) });
  const hasRedis = steps.some(({ after }) => after.redis != null);
  return (
    <div className="charts">
      <LineChart
        {...shared}
        title="Hit ratio"
        most={1}
        show={percent}
        series={[
          series('responses', ({ responses }) => responses.hitRatio),
          series('rows, lists and counts', ({ values }) => values.hitRatio),
        ]}
      />
      <LineChart
        {...shared}
        title="Lookups a second"
        show={rate}
        series={[
          series('memory', ({ values, seconds }) => values.memory / seconds),
          series('Redis', ({ values, seconds }) => values.redis / seconds),
          series('joined', ({ values, seconds }) => values.joined / seconds),
          series('database', ({ values, seconds }) => values.database / seconds),
        ]}
      />
      <LineChart
        {...shared}
        title="Change log, a second"
        show={rate}
        series={[
          { name: 'polls', values: steps.map((step) => perSecond(step, ({ polls }) => polls.polls)) },
          { name: 'asked for', values: steps.map((step) => perSecond(step, ({ polls }) => polls.passes)) },
        ]}
      />
      <LatencyChart title="Waiting for a poll" steps={steps} durations={({ polls }) => polls.waits} />
      {hasRedis && <LatencyChart title="Redis commands" steps={steps} durations={({ redis }) => redis?.latency} />}
      <LatencyChart title="Database statements" steps={steps} durations={({ database }) => database.latency} />
    </div>
  );
}
