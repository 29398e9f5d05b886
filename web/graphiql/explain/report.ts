import type { WriterKind } from '../../generated/graphql';

/** What `extensions.tidewater.explain` tells of an answer: see docs/operations/explain.md. */
export interface Report {
  servedBy: 'RESPONSE' | 'JOINED' | 'EXECUTION';
  response: ResponseMemo;
  gateMilliseconds: number;
  /** How much older than the request the answer may be. */
  ageMilliseconds: number;
  reads: readonly Read[];
  isReplayed: boolean;
  omittedReads: number;
  loads: readonly Load[];
}

export interface ResponseMemo {
  bypassed?: 'OFF' | 'FROM_SOURCE' | 'NOT_KEPT' | 'MAKES_KNOWN' | 'VERIFIED';
  missed?: Miss;
  asOf?: number;
  ageMilliseconds?: number;
  dependencies: readonly string[];
  unnamedDependencies: number;
}

export interface Read {
  space: string;
  servedBy: 'MEMORY' | 'REDIS' | 'JOINED' | 'DATABASE';
  asOf: number;
  ageMilliseconds: number;
  dependencies: readonly string[];
  unnamedDependencies: number;
  missed?: Miss;
  /** The index in `loads`. */
  load?: number;
}

export interface Miss {
  reason: string;
  memory: string;
  redis: string;
  change?: Change;
}

/** What made something invalid. */
export type Change =
  | { known: 'OLDER' | 'FORGOTTEN' | 'UNAVAILABLE' }
  | {
      known: 'CHANGE';
      dependency: string;
      row: string;
      operation: string;
      columns: readonly string[] | null;
      transaction: string | null;
      writer: WriterKind;
      writerName: string | null;
      seenAt: string;
      position: number;
      isFirst: boolean;
    };

export interface Load {
  space: string;
  reads: number;
  statements: number;
  milliseconds: number;
}
