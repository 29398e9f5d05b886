import type { History } from './use-history';

/** Which server is looked at, where several answer. */
export function ServerChoice({ history: { server, servers, choose } }: { history: Omit<History<unknown>, 'samples'> }) {
  if (servers.length < 2) {
    return <small>server {server}</small>;
  }
  return (
    <label className="inline">
      <small>server</small>
      <select value={server ?? ''} onChange={(event) => choose(event.target.value)}>
        {servers.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
