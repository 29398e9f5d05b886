import { createClient } from 'graphql-sse';

/** Where the API is. */
export const URL = '/graphql';

/** How the page is connected to the stream of changes. */
export interface Connection {
  isLost: boolean;
  /**
   * Grows when something may have changed that no event tells of: when a stream begins, since nobody knows what happened before
   * that, and when this page has changed something.
   */
  changes: number;
}

const RETRY_MILLISECONDS = { first: 250, most: 4_000 };

/** A stream from which nothing has come for so long is broken, though nobody says so. The server gives a sign every 15 seconds. */
const SILENCE_MILLISECONDS = 45_000;

/**
 * The streams of changes. One that breaks is begun again, for as long as it takes.
 *
 * They are event streams because the beginning of the answer says that the subscription has begun: whatever is read after
 * that misses nothing. A WebSocket has no such sign.
 */
export function connect() {
  let connection: Connection = { isLost: false, changes: 0 };
  const listeners = new Set<() => void>();
  const become = (next: Connection) => {
    connection = next;
    listeners.forEach((listener) => {
      listener();
    });
  };

  const streams = createClient({
    url: URL,
    fetchFn: fetchHeard,
    retryAttempts: Infinity,
    retry: (retries) => {
      become({ ...connection, isLost: true });
      const { first, most } = RETRY_MILLISECONDS;
      // Not all clients of a server that comes back at the same moment.
      const delay = Math.min(first * 2 ** retries, most) * (0.5 + Math.random() / 2);
      return new Promise((resolve) => setTimeout(resolve, delay));
    },
    on: {
      connected: () => {
        become({ isLost: false, changes: connection.changes + 1 });
      },
    },
  });

  return {
    streams,
    current: () => connection,
    /** To be called when this page has changed something. */
    change: () => {
      become({ ...connection, changes: connection.changes + 1 });
    },
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Fetches a stream that fails when it is silent for too long. */
async function fetchHeard(url: string, request: RequestInit) {
  const response = await fetch(url, request);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (controller: TransformStreamDefaultController<Uint8Array>) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      controller.error(new Error('The stream is silent.'));
    }, SILENCE_MILLISECONDS);
  };
  const heard = new TransformStream<Uint8Array, Uint8Array>({
    start: wait,
    transform: (chunk, controller) => {
      wait(controller);
      controller.enqueue(chunk);
    },
    flush: () => {
      clearTimeout(timer);
    },
  });
  return new Response(response.body?.pipeThrough(heard) ?? null, response);
}

export type Connected = ReturnType<typeof connect>;
