import type { WriterKind } from '../generated/graphql';

const WRITERS: Record<WriterKind, string> = {
  THIS_SERVER: 'this server',
  ANOTHER_SERVER: 'another server',
  OUTSIDE: 'somebody outside',
  UNKNOWN: 'somebody unknown',
};

export const WRITER_KINDS = Object.keys(WRITERS) as readonly WriterKind[];

/** Who wrote a change, with what they call themselves if they are no server. */
export function writerName({ writer, writerName }: { writer: WriterKind; writerName?: string | null }): string {
  return writer === 'OUTSIDE' && writerName ? `${WRITERS[writer]} (${writerName})` : WRITERS[writer];
}
