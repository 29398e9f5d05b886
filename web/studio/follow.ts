import type { Failure, GraphQLAnswer, GraphQLRequest } from '../api/message';
import { stream } from '../api/stream';

/** Until what has ended is followed again, at first. */
const PAUSE_MILLISECONDS = 2000;

/** Who is told of what is followed. */
export interface Follower<Data> {
  /** It begins, or begins again. */
  onBegin: () => void;
  onAnswer: (answer: GraphQLAnswer<Data>) => void;
  /** It has ended, and is begun again soon. The failure says what that means. */
  onEnd: (failure: Failure) => void;
}

/**
 * Follows what goes on: a subscription or a live query. It is begun again when it ends; after a pause that doubles up to `longestPause`,
 * in milliseconds, where it ends before anything was answered. Returns what ends it.
 */
export function follow<Data>(request: GraphQLRequest, follower: Follower<Data>, longestPause = PAUSE_MILLISECONDS): () => void {
  let isOver = false;
  let stop = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = PAUSE_MILLISECONDS;
  const begin = () => {
    let end: Failure = { message: 'The server follows this no longer.' };
    const next = (answer: GraphQLAnswer<Data>) => {
      const [failure] = answer.errors ?? [];
      // Nothing was executed.
      if (failure && answer.data === undefined) {
        end = failure;
        return;
      }
      pause = PAUSE_MILLISECONDS;
      follower.onAnswer(answer);
    };
    const complete = () => {
      if (!isOver) {
        timer = setTimeout(begin, pause);
        pause = Math.min(2 * pause, longestPause);
        follower.onEnd({ ...end, message: `Changes are not shown as they happen: ${end.message}` });
      }
    };
    follower.onBegin();
    stop = stream<Data>(request, {}, { next, complete });
  };
  begin();
  return () => {
    isOver = true;
    clearTimeout(timer);
    stop();
  };
}
