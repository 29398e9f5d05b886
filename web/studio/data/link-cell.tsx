import { address } from '../page/route';
import { entityOf } from '../schema/catalogue';
import type { LinkColumn } from '../schema/entity';
import type { Links, Row } from '../schema/value';

/** Leads to the object, or the objects, that a column holds. */
export function LinkCell({ column, row }: { column: LinkColumn; row: Row }) {
  const { name } = entityOf(column.target);
  const value = row[column.name];
  const nodes = column.isMany ? ((value as Links | null)?.nodes ?? []) : value ? [value as Row] : [];
  const more = column.isMany ? ((value as Links | null)?.totalCount ?? 0) - nodes.length : 0;
  return (
    <span className="links">
      {nodes.map((node) => (
        <a key={node.id} href={address(name, node.id)}>
          {String(node[column.label])}
        </a>
      ))}
      {more > 0 && <small>and {more} more</small>}
    </span>
  );
}
