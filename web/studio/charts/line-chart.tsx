export interface Series {
  name: string;
  /** One for each time; null where there is none. */
  values: readonly (number | null)[];
}

interface Properties {
  title: string;
  /** When the values are of, in milliseconds; ascending. */
  times: readonly number[];
  /** At most four. */
  series: readonly Series[];
  show: (value: number) => string;
  /** Where the scale ends. Without it, where the values do. */
  most?: number;
}

/** The spans of time that are shown, up to the last value: the shortest in which all values are, or else the longest. */
const MINUTES = [1, 2, 5];
const WIDTH = 300;
const HEIGHT = 80;

/** Lines over time. The values of the last moment are said in words, so that nobody has to see the lines to know them. */
export function LineChart({ title, times, series, show, most }: Properties) {
  const top = most ?? Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)), 0);
  const end = times.at(-1) ?? 0;
  const age = (time: number) => (end - time) / 60_000;
  const span = MINUTES.find((minutes) => minutes >= age(times[0] ?? end)) ?? Math.max(...MINUTES);
  const x = (time: number) => WIDTH * (1 - age(time) / span);
  const y = (value: number) => HEIGHT * (1 - (top === 0 ? 0 : value / top));
  return (
    <figure className="chart">
      <figcaption>{title}</figcaption>
      <div className="plot">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <path className="grid" d={`M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT}H${WIDTH}`} />
          {series.map(({ name, values }, index) => (
            <path key={name} className={`line line-${index + 1}`} d={path(times, values, x, y)} />
          ))}
        </svg>
        <span className="most">{show(top)}</span>
        <span className="begin">{span} min ago</span>
      </div>
      <dl>
        {series.map(({ name, values }, index) => (
          <div key={name}>
            <dt className={`key line-${index + 1}`}>{name}</dt>
            <dd>{shown(values.at(-1), show)}</dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}

/** A line without scale, to be seen beside its last value. */
export function Sparkline({ values, most }: { values: readonly (number | null)[]; most: number }) {
  const x = (index: number) => (values.length < 2 ? 0 : (60 * index) / (values.length - 1));
  const y = (value: number) => 1 + 14 * (1 - (most === 0 ? 0 : value / most));
  const times = values.map((_, index) => index);
  return (
    <svg className="sparkline" viewBox="0 0 60 16" preserveAspectRatio="none" aria-hidden="true">
      <path className="line line-1" d={path(times, values, x, y)} />
    </svg>
  );
}

function shown(value: number | null | undefined, show: (value: number) => string): string {
  return value === null || value === undefined ? '–' : show(value);
}

/** Lines between values beside each other; a point where both neighbours are missing. */
function path(
  times: readonly number[],
  values: readonly (number | null)[],
  x: (time: number) => number,
  y: (value: number) => number,
): string {
  let isDrawing = false;
  return values
    .map((value, index) => {
      if (value === null) {
        isDrawing = false;
        return '';
      }
      const point = `${x(times[index] ?? 0).toFixed(1)} ${y(value).toFixed(1)}`;
      const isAlone = !isDrawing && (values[index + 1] ?? null) === null;
      const step = isAlone ? `M${point}h0.5` : `${isDrawing ? 'L' : 'M'}${point}`;
      isDrawing = true;
      return step;
    })
    .join('');
}
