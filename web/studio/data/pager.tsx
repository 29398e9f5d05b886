import type { Page, Place } from './use-page';

interface Properties {
  page: Page<unknown>;
  onTurn: (place: Place) => void;
}

/** How many rows there are, and the way to those before and after, and to both ends. */
export function Pager({ page: { totalCount, pageInfo, nodes }, onTurn }: Properties) {
  const { hasPreviousPage, hasNextPage, startCursor, endCursor } = pageInfo;
  return (
    <div className="pager" role="group" aria-label="Pages">
      <span>
        {nodes.length.toLocaleString('en')} of {totalCount.toLocaleString('en')}
      </span>
      <Turn name="First" to={hasPreviousPage ? null : undefined} onTurn={onTurn} />
      <Turn name="Previous" to={hasPreviousPage && startCursor != null ? { before: startCursor } : undefined} onTurn={onTurn} />
      <Turn name="Next" to={hasNextPage && endCursor != null ? { after: endCursor } : undefined} onTurn={onTurn} />
      <Turn name="Last" to={hasNextPage ? { before: null } : undefined} onTurn={onTurn} />
    </div>
  );
}

interface TurnProperties {
  name: string;
  /** Undefined where there is nothing that way. */
  to: Place | undefined;
  onTurn: (place: Place) => void;
}

/** Keeps the focus where there is no further page that way, which a disabled button would lose. */
function Turn({ name, to, onTurn }: TurnProperties) {
  return (
    <button type="button" aria-disabled={to === undefined} onClick={() => to !== undefined && onTurn(to)}>
      {name}
    </button>
  );
}
