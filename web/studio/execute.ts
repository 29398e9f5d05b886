import type { Failure } from '../api/message';
import { post } from '../api/post';
import type { TypedDocumentString } from '../generated/graphql';

/** What a document was answered: data, or the first of what failed. */
export type Outcome<Data> = { data: Data; failure: null } | { data: null; failure: Failure };

/** Executes a document whose types are known from the schema. Does not throw. */
export function execute<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Outcome<Data>> {
  return executeText<Data>(document.toString(), variables);
}

/** The same for a document that was made from the schema, whose types are known where it is used. */
export async function executeText<Data>(query: string, variables: Record<string, unknown>): Promise<Outcome<Data>> {
  const { answer } = await post<Data>({ query, variables });
  const [failure] = answer.errors ?? [];
  if (failure || answer.data == null) {
    return { data: null, failure: failure ?? { message: 'The answer holds nothing.' } };
  }
  return { data: answer.data, failure: null };
}
