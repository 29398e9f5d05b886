/** What served an answer, as its headers tell. */
export interface Serving {
  /** Of `Cache-Status` (RFC 9211), without the name of the cache. */
  cacheStatus: string;
  /** Of `Age`: how many seconds older than the request the answer may be. */
  age: string | null;
  /** Of `Server-Timing`: the parts and the whole, in milliseconds. */
  timing: { name: string; milliseconds: number }[];
}

let serving: Serving | null = null;
const listeners = new Set<() => void>();

export function currentServing(): Serving | null {
  return serving;
}

export function onServingChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Shows what the headers of the last answer tell; nothing where there are none. */
export function showServing(headers: Headers | null): void {
  const status = headers?.get('cache-status');
  serving = headers && status ? read(status, headers) : null;
  listeners.forEach((listener) => listener());
}

function read(status: string, headers: Headers): Serving {
  const [, ...parameters] = status.split(';').map((part) => part.trim());
  const timing = (headers.get('server-timing') ?? '').split(',').flatMap((part) => {
    const match = /^\s*([\w-]+);dur=([\d.]+)/.exec(part);
    return match ? [{ name: match[1] ?? '', milliseconds: Number(match[2]) }] : [];
  });
  return { cacheStatus: parameters.join('; '), age: headers.get('age'), timing };
}
