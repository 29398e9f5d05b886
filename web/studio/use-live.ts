import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure, GraphQLAnswer } from '../api/message';
import { post } from '../api/post';
import { follow } from './follow';

/** Until what ends again and again is followed again, at most. */
const LONGEST_PAUSE_MILLISECONDS = 30_000;

export interface Live<Data> {
  /** What was answered last, whatever was asked then; null before. */
  data: Data | null;
  /** Why there is no newer answer, or why nobody tells when there is one. */
  failure: Failure | null;
  isLoading: boolean;
  refresh: () => void;
  /** Has something else stand for the answer until the next. */
  alter: (change: (data: Data) => Data) => void;
}

/**
 * Asks what may be a live query, by its variable `live`: at once, and then whenever its answer becomes another one, whoever has changed
 * what. Where nothing can be followed, it is asked from time to time. `variables` are JSON, so that the same ones are the same.
 *
 * While `isHeld`, what was answered stays as it is but for what is altered: it would be taken from under the hands of somebody who edits it.
 */
export function useLive<Data>(query: string, variables: string, isHeld: boolean): Live<Data> {
  const [data, setData] = useState<Data | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [interruption, setInterruption] = useState<Failure | null>(null);
  const [isLoading, setIsLoading] = useState(true);
  const newestRead = useRef(() => {});
  const holding = useRef(isHeld);
  /** What came while the answer before was held. */
  const waiting = useRef<Data | null>(null);
  useEffect(() => {
    holding.current = isHeld;
    if (!isHeld && waiting.current !== null) {
      setData(waiting.current);
      waiting.current = null;
    }
  }, [isHeld]);

  useEffect(() => {
    const request = (live: boolean) => ({ query, variables: { ...(JSON.parse(variables) as object), live } });
    let isOver = false;
    // What was answered to something else is not held.
    let isAnswered = false;
    waiting.current = null;
    // Answers may overtake one another: those that were asked for, or told, before the newest are left alone.
    let last = 0;
    let newest = 0;
    const take = (number: number, { data, errors }: GraphQLAnswer<Data>) => {
      if (isOver || number < newest) {
        return;
      }
      newest = number;
      setIsLoading(false);
      setFailure(errors?.[0] ?? null);
      if (data && !errors) {
        if (isAnswered && holding.current) {
          waiting.current = data;
        } else {
          isAnswered = true;
          setData(data);
        }
      }
    };
    const read = async () => {
      const number = ++last;
      setIsLoading(true);
      take(number, (await post<Data>(request(false))).answer);
    };

    newestRead.current = () => void read();
    const stop = follow<Data>(
      request(true),
      {
        // Whether what cannot be followed can be read all the same is told then.
        onBegin: () => void read(),
        onAnswer: (answer) => {
          setInterruption(null);
          take(++last, answer);
        },
        onEnd: setInterruption,
      },
      LONGEST_PAUSE_MILLISECONDS,
    );
    return () => {
      isOver = true;
      stop();
    };
  }, [query, variables]);

  const refresh = useCallback(() => newestRead.current(), []);
  const alter = useCallback((change: (data: Data) => Data) => setData((data) => data && change(data)), []);
  return { data, failure: failure ?? interruption, isLoading, refresh, alter };
}
