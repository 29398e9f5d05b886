import type { MissReason, WriterKind } from '../../generated/graphql';

const WRITERS: Record<WriterKind, string> = {
  THIS_SERVER: 'this server',
  ANOTHER_SERVER: 'another server',
  OUTSIDE: 'outside',
  UNKNOWN: 'somebody',
};

/** Who wrote a change, with what they call themselves if they are no server. */
export function writerName({ writer, writerName }: { writer: WriterKind; writerName?: string | null }): string {
  return writer === 'OUTSIDE' && writerName ? `outside (${writerName})` : WRITERS[writer];
}

/** Why a lookup was missed, in words. */
export function reasonName(reason: MissReason): string {
  return reason.toLowerCase().replaceAll('_', ' ');
}
