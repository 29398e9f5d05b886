import { endpoint } from './endpoint';
import { failed, type GraphQLAnswer, type GraphQLRequest } from './message';

/** Longer than a server lets a request take (`TIDEWATER_REQUEST_TIMEOUT`). */
const TIME_LIMIT_MILLISECONDS = 60_000;

/** An answer, and the headers that it came with: none where no answer came. */
export interface Posted<Data> {
  answer: GraphQLAnswer<Data>;
  headers: Headers;
}

/**
 * Sends a request by `POST`, and the cookie of the session with it. Does not throw: where no answer comes, or one that is none of
 * GraphQL, an error in the answer says so.
 */
export async function post<Data>(request: GraphQLRequest, headers?: HeadersInit): Promise<Posted<Data>> {
  try {
    const sent = new Headers(headers);
    sent.set('content-type', 'application/json');
    if (!sent.has('accept')) {
      sent.set('accept', 'application/graphql-response+json, application/json;q=0.9');
    }
    const signal = AbortSignal.timeout(TIME_LIMIT_MILLISECONDS);
    const response = await fetch(endpoint, { method: 'POST', headers: sent, body: JSON.stringify(request), signal });
    return { answer: await read<Data>(response), headers: response.headers };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { answer: failed(`The server did not answer: ${reason}.`), headers: new Headers() };
  }
}

async function read<Data>(response: Response): Promise<GraphQLAnswer<Data>> {
  const text = await response.text();
  try {
    return JSON.parse(text) as GraphQLAnswer<Data>;
  } catch {
    // From something in between, such as a proxy.
    return failed(`The answer is not in JSON. Its status is ${response.status} ${response.statusText}.`);
  }
}
