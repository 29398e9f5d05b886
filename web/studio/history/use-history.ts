import { useEffect, useState } from 'react';

/** What a server tells of itself, with its name and its time. */
export interface Told {
  server: string;
  now: string;
}

/** What was told at a time, in milliseconds by the server's clock. */
export interface Sample<T> {
  at: number;
  tide: T;
}

/** What one server has told in the last minutes, as long as the page is open. */
export interface History<T> {
  samples: readonly Sample<T>[];
  /** The server that it is of; null before anything was told. */
  server: string | null;
  /** All that have answered lately: more than one, where something in front of them chooses. */
  servers: readonly string[];
  choose: (server: string) => void;
}

/** How long is remembered. */
const SPAN_MILLISECONDS = 300_000;
/** A server that was not heard of for so long is taken to be gone. */
const SILENCE_MILLISECONDS = 15_000;

type Samples<T> = ReadonlyMap<string, readonly Sample<T>[]>;

/** Remembers what was told. The counters of different servers are kept apart. */
export function useHistory<T extends Told>(tide: T | undefined): History<T> {
  const [byServer, setByServer] = useState<Samples<T>>(new Map());
  const [chosen, choose] = useState<string | null>(null);
  useEffect(() => {
    if (tide) {
      setByServer((byServer) => add(byServer, tide));
    }
  }, [tide]);
  const newest = tide && byServer.has(tide.server) ? tide.server : null;
  const server = chosen !== null && byServer.has(chosen) ? chosen : newest;
  useEffect(() => {
    // Whoever is looked at stays the same while others answer in between.
    choose(server);
  }, [server]);
  return { samples: (server !== null && byServer.get(server)) || [], server, servers: [...byServer.keys()], choose };
}

function add<T extends Told>(byServer: Samples<T>, tide: T): Samples<T> {
  const at = Date.parse(tide.now);
  const before = byServer.get(tide.server) ?? [];
  const last = before.at(-1);
  // A clock that was put back begins anew.
  const kept = last && last.at >= at ? [] : before.filter((sample) => sample.at >= at - SPAN_MILLISECONDS);
  const all = new Map(byServer).set(tide.server, [...kept, { at, tide }]);
  for (const [server, samples] of all) {
    if (Math.abs(at - (samples.at(-1)?.at ?? 0)) > SILENCE_MILLISECONDS) {
      all.delete(server);
    }
  }
  return all;
}
