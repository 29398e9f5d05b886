/** A request of GraphQL over HTTP. */
export interface GraphQLRequest {
  query: string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
}

/** What is told of a failure; `code` is one of those that the README documents, `field` the part of the input that is at fault. */
export interface Failure {
  message: string;
  path?: readonly (string | number)[];
  extensions?: { code?: string; field?: string; retryAfter?: number };
}

/** An answer, or one of many. */
export interface GraphQLAnswer<Data = Record<string, unknown>> {
  data?: Data | null;
  errors?: readonly Failure[];
  extensions?: Record<string, unknown>;
}

/** An answer that says what the server did not. */
export function failed(message: string): GraphQLAnswer<never> {
  return { errors: [{ message }] };
}
