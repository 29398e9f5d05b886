import type { MissReason } from '../../generated/graphql';
import { word } from '../../words/word';
import { count } from './number';

/** How many lookups were missed for which reasons. */
export function Misses({ misses }: { misses: readonly { reason: MissReason; count: number }[] }) {
  if (misses.length === 0) {
    return null;
  }
  return (
    <span className="misses">
      {misses.map((miss) => (
        <span key={miss.reason}>
          {word(miss.reason)} {count(miss.count)}
        </span>
      ))}
    </span>
  );
}
