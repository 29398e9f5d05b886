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
      <button type="button" disabled={!hasPreviousPage} onClick={() => onTurn(null)}>
        First
      </button>
      <button type="button" disabled={!hasPreviousPage || startCursor == null} onClick={() => onTurn({ before: startCursor ?? '' })}>
        Previous
      </button>
      <button type="button" disabled={!hasNextPage || endCursor == null} onClick={() => onTurn({ after: endCursor ?? '' })}>
        Next
      </button>
      <button type="button" disabled={!hasNextPage} onClick={() => onTurn({ before: null })}>
        Last
      </button>
    </div>
  );
}
