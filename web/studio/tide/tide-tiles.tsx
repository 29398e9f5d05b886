import type { ReactNode } from 'react';
import { bytes, count } from '../shown/number';
import type { Tide } from './lookups';

/** What a server is like at the moment. */
export function TideTiles({ tide }: { tide: Tide }) {
  const { polls, redis } = tide;
  return (
    <dl className="tiles">
      <Tile name="change log" isBad={polls.isFailing}>
        {polls.isFailing ? 'cannot be read' : 'is read'}
      </Tile>
      <Tile name="position">{tide.mark.position.toLocaleString('en')}</Tile>
      <Tile name="followers">{count(polls.followers)}</Tile>
      <Tile name="memory">{bytes(tide.memoryBytes)}</Tile>
      <Tile name="Redis" isBad={redis?.isReachable === false}>
        {redis ? (redis.isReachable ? 'answers' : 'does not answer') : 'none'}
      </Tile>
      {redis && <Tile name="writes to Redis dropped">{count(redis.droppedWrites)}</Tile>}
    </dl>
  );
}

function Tile({ name, isBad, children }: { name: string; isBad?: boolean; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={isBad ? 'failure' : undefined}>{children}</dd>
    </div>
  );
}
