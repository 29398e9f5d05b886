import {
  Client,
  type CombinedError,
  fetchExchange,
  mapExchange,
  type Operation,
  type OperationContext,
  type OperationResult,
  subscriptionExchange,
} from '@urql/core';
import { retryExchange } from '@urql/exchange-retry';

import { cache } from './cache';
import { connect, URL } from './connection';
import { failureOf, isPassing } from './failure';

const KEY = 'Idempotency-Key';
const READ_RETRIES = 2;

/** For what is asked by whoever need not be signed in: then it does not end the session that nobody is. */
export const ANONYMOUS = { anonymous: true };

/**
 * For a mutation that may be sent again, because it is done once for all requests with this key.
 *
 * Keys belong to the exact bytes of a request, so another attempt has the same variables.
 */
export const withKey = (key: string): Partial<OperationContext> => ({ key, fetchOptions: { headers: { [KEY]: key } } });

/** A client for one session: with the session ends what it knows. */
export function createSessionClient(onSessionEnded: () => void) {
  const connected = connect();
  const client = new Client({
    url: URL,
    exchanges: [
      mapExchange({
        onResult: (result) => {
          if (isSessionOver(result)) onSessionEnded();
        },
      }),
      cache(),
      // Below the cache, so what was written optimistically stays while it is tried again.
      retryExchange({ initialDelayMs: 300, maxDelayMs: 4_000, maxNumberAttempts: 10, retryIf: isWorthAnotherAttempt }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables = {} }) => ({
          subscribe: (sink) => ({ unsubscribe: connected.streams.subscribe({ query, variables }, sink) }),
        }),
      }),
    ],
  });
  return { client, connected };
}

/** Reads are given up soon, for whoever looks at the page can try again; changes are not, for they would have to be made again. */
function isWorthAnotherAttempt(error: CombinedError, { kind, context }: Operation) {
  const { count = 0 } = (context.retry ?? {}) as { count?: number };
  const mayBeSentAgain = kind === 'query' ? count < READ_RETRIES : context.key !== undefined;
  return mayBeSentAgain && isPassing(failureOf(error));
}

/** Reads tell nobody's data, and all else that nobody is signed in. */
function isSessionOver({ operation, data, error }: OperationResult<unknown>) {
  if (operation.context.anonymous) return false;
  if (error) return failureOf(error).code === 'UNAUTHENTICATED';
  return operation.kind === 'query' && (data as { viewer?: unknown } | undefined)?.viewer === null;
}
