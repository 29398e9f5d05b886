import { useEffect, useState } from 'react';

import type { Failure } from '../api/failure';
import styles from './Problem.module.css';

interface ProblemProps {
  failure: Failure;
  again?: () => void;
}

/** Why something is not there, and a way to try again: for limits of rates, when their time has passed. */
export function Problem({ failure, again }: ProblemProps) {
  const wait = useCountdown(failure);
  return (
    <div className={styles.problem} role="alert">
      <p>
        {failure.message}
        {wait > 0 && ` Try again in ${wait} ${wait === 1 ? 'second' : 'seconds'}.`}
      </p>
      {again && wait === 0 && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** How many seconds there are still to wait. */
export function useCountdown(failure: Failure | undefined) {
  const [passed, setPassed] = useState({ failure, seconds: 0 });
  const seconds = passed.failure === failure ? passed.seconds : 0;
  const left = Math.max(0, (failure?.retryAfter ?? 0) - seconds);

  useEffect(() => {
    if (left === 0) return;
    const timer = setTimeout(() => {
      setPassed({ failure, seconds: seconds + 1 });
    }, 1_000);
    return () => {
      clearTimeout(timer);
    };
  }, [failure, left, seconds]);
  return left;
}
