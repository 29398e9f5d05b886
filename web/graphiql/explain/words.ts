import { word } from '../../words/word';
import { writerName } from '../../words/writer';
import type { Change, Miss, Report, ResponseMemo } from './report';

export const SERVED_BY: Record<Report['servedBy'], string> = {
  RESPONSE: 'A kept response answered.',
  JOINED: 'Another request with the same bytes, which was under way, answered.',
  EXECUTION: 'It was executed.',
};

export const BYPASSED: Record<NonNullable<ResponseMemo['bypassed']>, string> = {
  OFF: 'No responses are kept.',
  FROM_SOURCE: 'No kept response was wanted, but the database’s own answer.',
  NOT_KEPT: 'No response is kept for this: it is a mutation, or excluded, or cannot be read.',
  MAKES_KNOWN: 'No kept response was looked for, because the request makes its document known.',
  VERIFIED: 'A kept response was verified by executing the request.',
};

const REASONS: Record<string, string> = {
  NEVER_FILLED: 'never filled',
  CHANGED: 'changed',
  EXPIRED: 'expired',
  EVICTED: 'evicted',
  DROPPED: 'dropped',
  RESTARTED: 'given up with all else, because the change log did not continue',
  MARK_TOO_OLD: 'Redis held it, filled before anything that the server knows the changes since',
  UNDECODABLE: 'Redis held something else',
  REDIS_UNAVAILABLE: 'Redis did not answer',
  BYPASSED: 'the database’s own answer was wanted',
  UNKNOWN: 'unknown: memory has held more keys than are remembered',
};

const UNNAMED: Record<Exclude<Change['known'], 'CHANGE'>, string> = {
  OLDER: 'by a change that is older than what is remembered',
  FORGOTTEN: 'or may have: the table of known changes has forgotten when',
  UNAVAILABLE: 'by what the change log cannot be asked for now',
};

/** The reason by which a miss is counted, in words. */
export function reasonOf({ reason }: Miss): string {
  return REASONS[reason] ?? reason;
}

/** What each tier said, in words. */
export function tiersOf({ memory, redis }: Miss): string {
  const told = redis === 'NOT_ASKED' ? null : `Redis: ${word(redis)}`;
  return [`memory: ${word(memory)}`, told].filter(Boolean).join('; ');
}

/** Which change made something invalid, as a sentence. */
export function changeOf(change: Change): string {
  if (change.known !== 'CHANGE') {
    return UNNAMED[change.known];
  }
  const { operation, row, columns, transaction, isFirst } = change;
  return [
    operation === 'TABLE' ? `any row of ${row} may have changed` : `${operation} of ${row}`,
    columns && columns.length > 0 ? ` (${columns.join(', ')})` : '',
    `, by ${writerName(change)}`,
    transaction ? ` in transaction ${transaction}` : '',
    isFirst ? '' : '; an earlier change may have been the cause',
  ].join('');
}
