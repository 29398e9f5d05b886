import { address } from '../page/route';
import { listsOf } from '../schema/catalogue';
import type { Entity, List } from '../schema/entity';
import type { Row } from '../schema/value';
import { UserSessions } from '../sessions/user-sessions';
import { useLive } from '../use-live';
import { LinkCell } from './link-cell';
import { ListPage } from './list-page';
import { EditorsContext, useEditors } from './use-editors';
import { ValueCell } from './value-cell';

/** One object, and the lists that belong to it. `field` is that of the list which is shown; the first where it is null. */
export function ObjectPage({ entity, id, field }: { entity: Entity; id: string; field: string | null }) {
  const [isEdited, tellOfEditor] = useEditors();
  const live = useLive<{ object: Row | null }>(entity.document, JSON.stringify({ id }), isEdited);
  // Of an object of another type, nothing is answered.
  const object = live.data?.object?.id ? live.data.object : null;
  const isMissing = live.data !== null && object === null;
  const failure = live.failure ?? (isMissing ? { message: `There is no such ${entity.name} that you may see.` } : null);
  const replace = (object: Row) => live.alter(() => ({ object }));

  const lists = listsOf(entity.type);
  const shown = field ?? lists[0]?.field;
  const list = lists.find((candidate) => candidate.field === shown);
  return (
    <>
      {failure && (
        <p role="alert" className="failure">
          {failure.message}
        </p>
      )}
      {object && (
        <section className="object" aria-label={entity.type}>
          <h1>
            <small>{entity.type}</small> {String(object[entity.label])}
          </h1>
          <EditorsContext value={tellOfEditor}>
            <dl>
              {entity.columns.map((column) => (
                <div key={column.name}>
                  <dt title={column.description}>{column.name}</dt>
                  <dd>
                    {column.type === 'link' ? (
                      <LinkCell column={column} row={object} />
                    ) : (
                      <ValueCell column={column} row={object} update={entity.update} onChanged={replace} />
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          </EditorsContext>
        </section>
      )}
      {object && lists.length > 0 && (
        <nav className="tabs" aria-label={`Lists of the ${entity.name}`}>
          {lists.map(({ field }) => (
            <a key={field} href={address(entity.name, id, field)} aria-current={field === shown ? 'page' : undefined}>
              {field}
            </a>
          ))}
        </nav>
      )}
      {object && list && <Listed list={list} id={id} key={list.field} />}
    </>
  );
}

/** Sessions have a table of their own, where they are revoked. */
function Listed({ list, id }: { list: List; id: string }) {
  return list.entity === 'Session' ? <UserSessions userId={id} /> : <ListPage list={list} id={id} />;
}
