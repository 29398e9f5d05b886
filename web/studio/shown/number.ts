const UNITS: readonly [seconds: number, name: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
];

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** A number of seconds, in the unit that it has most of. */
export function duration(seconds: number): string {
  if (seconds === 0) {
    return '0 s';
  }
  const [unit, name] = UNITS.find(([unit]) => seconds >= unit) ?? [1e-6, 'µs'];
  const value = seconds / unit;
  return `${value < 10 && unit <= 1 ? value.toFixed(1) : Math.floor(value)} ${name}`;
}

/** A whole number, shortened where it is long. */
export function count(value: number): string {
  return compact.format(value);
}

/** How often a second. */
export function rate(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : compact.format(Math.round(perSecond));
}

/** A share of one. Only all is 100 %. */
export function percent(share: number): string {
  const shown = share * 100;
  return `${shown > 99 && shown < 100 ? Math.floor(shown * 10) / 10 : Math.round(shown)} %`;
}

export function bytes(value: number): string {
  const [unit, name] = value >= 1 << 20 ? [1 << 20, 'MiB'] : [1 << 10, 'KiB'];
  return `${(value / unit).toFixed(value >= 10 * unit ? 0 : 1)} ${name}`;
}
