import { word } from '../../words/word';
import { writerName } from '../../words/writer';
import { duration } from '../shown/number';
import { clockTime } from '../shown/time';
import type { Memo } from './use-memos';

type Tier = Memo['memory'];

interface Properties {
  memo: Memo | undefined;
  /** What stands for the row. */
  label: string;
  onDrop: () => void;
}

/** What caches keep of a row, when it changed last, and a way to have it forgotten. */
export function CacheCell({ memo, label, onDrop }: Properties) {
  if (!memo) {
    return <small>…</small>;
  }
  const { memory, redis, lastChange } = memo;
  return (
    <span className="cache">
      <TierState name="memory" tier={memory} />
      {redis && <TierState name="Redis" tier={redis} />}
      {lastChange && (
        <small title={`${lastChange.operation} ${lastChange.columns?.join(', ') ?? ''}`.trim()}>
          changed {clockTime(lastChange.seenAt)} by {writerName(lastChange)}
        </small>
      )}
      <button type="button" onClick={onDrop}>
        Drop<span className="hidden"> {label} from the caches</span>
      </button>
    </span>
  );
}

function TierState({ name, tier: { state, missed, ageSeconds, remainingSeconds } }: { name: string; tier: Tier }) {
  if (state === 'VALID') {
    return (
      <span className="tier valid" title={`for ${duration(remainingSeconds ?? 0)} more`}>
        {name} {duration(ageSeconds ?? 0)}
      </span>
    );
  }
  return (
    <span className="tier">
      {name} {state === 'HELD' ? 'perhaps' : missed ? word(missed) : 'nothing'}
    </span>
  );
}
