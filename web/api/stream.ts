import { createClient as createEventStreamClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { endpoint, socketEndpoint } from './endpoint';
import { failed, type Failure, type GraphQLAnswer, type GraphQLRequest } from './message';

/** Who is told of answers as they come. After `complete`, nothing more is told. */
export interface Listener<Data> {
  next(answer: GraphQLAnswer<Data>): void;
  complete(): void;
}

export interface Stream {
  /** With a WebSocket they go along when the connection begins, of which the server reads `Authorization` only. */
  headers?: Record<string, string>;
  /** By an event stream, and no WebSocket. */
  isEventStream?: boolean;
}

/**
 * Asks for all answers of an operation: over a WebSocket, or, where none can be opened, by an event stream. A connection serves one
 * operation, since it is the connection that shows who asks. What ends a stream too early is told as an answer with an error. Returns
 * what ends it.
 */
export function stream<Data>(request: GraphQLRequest, options: Stream, listener: Listener<Data>): () => void {
  const headers = options.headers ?? {};
  if (options.isEventStream) {
    return overEventStream(request, headers, listener);
  }
  let stop = overSocket(request, headers, listener, () => {
    stop = overEventStream(request, headers, listener);
  });
  return () => stop();
}

function overSocket<Data>(
  request: GraphQLRequest,
  headers: Record<string, string>,
  listener: Listener<Data>,
  onUnreachable: () => void,
): () => void {
  let wasOpen = false;
  const client = createSocketClient({
    url: socketEndpoint.href,
    connectionParams: headers,
    // What was missed meanwhile would be missed in silence.
    retryAttempts: 0,
    on: { opened: () => (wasOpen = true) },
  });
  return client.subscribe<Data>(request as never, {
    next: (answer) => listener.next(answer as GraphQLAnswer<Data>),
    error: (error) => {
      if (wasOpen) {
        end(error, listener);
      } else {
        onUnreachable();
      }
    },
    complete: () => listener.complete(),
  });
}

function overEventStream<Data>(
  request: GraphQLRequest,
  headers: Record<string, string>,
  listener: Listener<Data>,
): () => void {
  const client = createEventStreamClient({ url: endpoint.href, headers, retryAttempts: 0 });
  return client.subscribe<Data>(request as never, {
    next: (answer) => listener.next(answer as GraphQLAnswer<Data>),
    error: (error) => end(error, listener),
    complete: () => listener.complete(),
  });
}

function end<Data>(error: unknown, listener: Listener<Data>): void {
  listener.next(Array.isArray(error) ? { errors: error as Failure[] } : failed(reason(error)));
  listener.complete();
}

function reason(error: unknown): string {
  if (error instanceof CloseEvent) {
    return `The server closed the connection: ${error.code} ${error.reason}`.trimEnd();
  }
  return error instanceof Error ? error.message : String(error);
}
