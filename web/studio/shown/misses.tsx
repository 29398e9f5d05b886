import type { MissReason } from '../../generated/graphql';
import { count } from './number';
import { reasonName } from './word';

/** How many lookups were missed for which reasons. */
export function Misses({ misses }: { misses: readonly { reason: MissReason; count: number }[] }) {
  if (misses.length === 0) {
    return null;
  }
  return (
    <span className="misses">
      {misses.map((miss) => (
        <span key={miss.reason}>
          {reasonName(miss.reason)} {count(miss.count)}
        </span>
      ))}
    </span>
  );
}
