import { useSyncExternalStore } from 'react';
import { currentServing, onServingChange } from './serving';

/** Below an answer: what served it. */
export function ServingFooter() {
  const serving = useSyncExternalStore(onServingChange, currentServing);
  if (!serving) {
    return null;
  }
  return (
    <dl className="serving" aria-label="What served the answer">
      <div>
        <dt>Cache-Status</dt>
        <dd>{serving.cacheStatus}</dd>
      </div>
      {serving.age !== null && (
        <div>
          <dt>Age</dt>
          <dd>{serving.age} s</dd>
        </div>
      )}
      {serving.timing.map(({ name, milliseconds }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{milliseconds.toFixed(1)} ms</dd>
        </div>
      ))}
    </dl>
  );
}
