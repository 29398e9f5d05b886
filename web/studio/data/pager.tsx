import type { Page, PageRequest } from './use-page';

interface Properties {
  page: Page;
  onTurn: (place: PageRequest['place']) => void;
}

/** How many rows there are, and the way to those before and after. */
export function Pager({ page: { totalCount, pageInfo, nodes }, onTurn }: Properties) {
  return (
    <div className="pager" role="group" aria-label="Pages">
      <span>
        {nodes.length.toLocaleString()} of {totalCount.toLocaleString()}
      </span>
      <button type="button" disabled={!pageInfo.hasPreviousPage} onClick={() => onTurn(null)}>
        First
      </button>
      <button
        type="button"
        disabled={!pageInfo.hasPreviousPage || pageInfo.startCursor === null}
        onClick={() => onTurn({ before: pageInfo.startCursor ?? '' })}
      >
        Previous
      </button>
      <button
        type="button"
        disabled={!pageInfo.hasNextPage || pageInfo.endCursor === null}
        onClick={() => onTurn({ after: pageInfo.endCursor ?? '' })}
      >
        Next
      </button>
    </div>
  );
}
