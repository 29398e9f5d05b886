import type { GraphiQL } from 'graphiql';
import { getOperationAST, Kind, parse, type OperationDefinitionNode } from 'graphql';
import type { ComponentProps } from 'react';
import type { GraphQLRequest } from '../api/message';
import { post } from '../api/post';
import { stream } from '../api/stream';
import { refreshViewer } from '../api/viewer';
import { EXPLAIN, isExplaining, showExplanation, taken } from './explain/explanation';
import { showServing } from './serving';

type Fetcher = ComponentProps<typeof GraphiQL>['fetcher'];
type Edited = Record<string, string>;

/**
 * Sends what the editor holds. Subscriptions and live queries are answered more than once; with the header `Accept: text/event-stream`,
 * whatever is asked for comes by an event stream.
 */
export const fetcher: Fetcher = (edited, options) => {
  const headers = (options?.headers ?? {}) as Edited;
  const { request, operation } = resolve(edited);
  const isEventStream = acceptsEventStream(headers);
  if (isEventStream || (operation && isAnsweredOften(operation))) {
    return {
      subscribe(listener: unknown) {
        showServing(null);
        showExplanation({ kind: 'none', reason: 'What is answered more than once is not explained.' });
        return { unsubscribe: stream(request, { headers, isEventStream }, listener as never) };
      },
    };
  }
  return answerOnce(request, headers, operation);
};

async function answerOnce(request: GraphQLRequest, headers: Edited, operation: OperationDefinitionNode | null) {
  if (request.operationName === 'IntrospectionQuery') {
    return (await post(request, headers)).answer as never;
  }
  const isExplained = isExplaining();
  const { answer, headers: told } = await post(request, isExplained ? { ...headers, [EXPLAIN]: '1' } : headers);
  showServing(told);
  if (isExplained) {
    showExplanation(taken(answer));
  }
  if (operation?.operation === 'mutation') {
    // It may have signed somebody in or out.
    void refreshViewer();
  }
  return answer as never;
}

/** A request, and the operation that it executes: null where the server will say what is wrong with the document. */
function resolve(request: GraphQLRequest): { request: GraphQLRequest; operation: OperationDefinitionNode | null } {
  try {
    const document = parse(request.query);
    const named = getOperationAST(document, request.operationName);
    if (named) {
      return { request, operation: named };
    }
    // The editor's name of the operation is a moment behind its text.
    const only = getOperationAST(document);
    return only ? { request: { ...request, operationName: only.name?.value }, operation: only } : { request, operation: null };
  } catch {
    return { request, operation: null };
  }
}

function isAnsweredOften({ operation, directives }: OperationDefinitionNode): boolean {
  return operation === 'subscription' || (directives?.some(({ kind, name }) => kind === Kind.DIRECTIVE && name.value === 'live') ?? false);
}

function acceptsEventStream(headers: Edited): boolean {
  return Object.entries(headers).some(([name, value]) => name.toLowerCase() === 'accept' && String(value).includes('text/event-stream'));
}
