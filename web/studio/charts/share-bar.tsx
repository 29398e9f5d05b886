export interface Share {
  name: string;
  value: number;
}

/** How a whole is shared, at most among four. What each has is said in words too. */
export function ShareBar({ shares, show }: { shares: readonly Share[]; show: (value: number) => string }) {
  const whole = shares.reduce((sum, { value }) => sum + value, 0);
  const words = shares.map(({ name, value }) => `${name} ${show(value)}`).join(', ');
  return (
    <span className="shares" role="img" aria-label={words} title={words}>
      {shares.map(({ name, value }, index) => (
        <span key={name} className={`share share-${index + 1}`} style={{ flexGrow: whole === 0 ? 0 : value / whole }} />
      ))}
    </span>
  );
}
