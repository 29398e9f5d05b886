import type { CombinedError } from '@urql/core';

/** What the server calls what went wrong; `UNREACHABLE` where no answer came. README.md, "Ask it", has them all. */
export type Code =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'RATE_LIMITED'
  | 'TIMEOUT'
  | 'FELL_BEHIND'
  | 'INTERRUPTED'
  | 'UNAVAILABLE'
  | 'INTERNAL'
  | 'UNREACHABLE';

/** What went wrong, and what can be done about it. */
export interface Failure {
  code: Code;
  /** A sentence for whoever uses the page. */
  message: string;
  /** The field of the input that is at fault, where one is. */
  field?: string | undefined;
  /** How many seconds to wait before the next attempt. */
  retryAfter?: number | undefined;
}

/** Whether it does not tell if anything was done, and may be different next time. */
export const isPassing = ({ code }: Failure) => code === 'UNREACHABLE' || code === 'UNAVAILABLE' || code === 'TIMEOUT';

/** What `error` means. Of several errors the first one counts. */
export function failureOf(error: CombinedError): Failure {
  const [first] = error.graphQLErrors;
  if (!first) return { code: 'UNREACHABLE', message: 'The server cannot be reached.' };
  const { code, field, retryAfter } = first.extensions as Partial<Failure>;
  const failure = { code: code ?? 'INTERNAL', field, retryAfter };
  return { ...failure, message: messages[failure.code] ?? asSentence(first.message) };
}

/** Where the server's own words are for developers. The others are for users, above all those about a field. */
const messages: Partial<Record<Code, string>> = {
  RATE_LIMITED: 'That was too much in too short a time.',
  TIMEOUT: 'The server took too long.',
  UNAVAILABLE: 'The server cannot answer just now.',
  INTERNAL: 'Something went wrong on the server.',
};

function asSentence(text: string) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
