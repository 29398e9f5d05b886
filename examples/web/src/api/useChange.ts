import type { AnyVariables, OperationResult, TypedDocumentNode } from '@urql/core';
import { useState } from 'react';
import { useClient } from 'urql';

import { useNotices } from '../shell/notices';
import { withKey } from './client';
import { type Failure, failureOf, isPassing } from './failure';
import { useConnected } from './useConnection';

/** What became of a change: its data, or why there are none. */
export type Outcome<Data> = { data: Data; failure?: never } | { data?: never; failure: Failure };

/**
 * Changes something, by a mutation that is sent again until it is known what became of it, and done once.
 *
 * What fails is undone on the page, and told with `what` failed, except where a field is at fault: that is for the form.
 */
export function useChange<Data, Variables extends AnyVariables>(document: TypedDocumentNode<Data, Variables>) {
  const client = useClient();
  const connected = useConnected();
  const { tell } = useNotices();
  const [pending, setPending] = useState(0);

  const change = async (variables: Variables, what: string): Promise<Outcome<Data>> => {
    // Another attempt by hand is one at the same change: nobody knows whether the first was done.
    const context = withKey(crypto.randomUUID());
    const attempt = async (): Promise<Outcome<Data>> => {
      setPending((count) => count + 1);
      const outcome = outcomeOf(await client.mutation(document, variables, context).toPromise());
      setPending((count) => count - 1);
      const { failure } = outcome;
      if (!failure) connected.change();
      else if (!failure.field && failure.code !== 'UNAUTHENTICATED') {
        tell({ text: `${what} ${failure.message}`, ...(isPassing(failure) && { again: attempt }) });
      }
      return outcome;
    };
    return attempt();
  };
  return { change, isPending: pending > 0 };
}

export function outcomeOf<Data>({ data, error }: OperationResult<Data>): Outcome<Data> {
  if (error) return { failure: failureOf(error) };
  if (data === undefined) return { failure: { code: 'INTERNAL', message: 'The server gave no answer.' } };
  return { data };
}
