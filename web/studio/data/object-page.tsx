import { address } from '../page/route';
import { listsOf } from '../schema/catalogue';
import type { Entity } from '../schema/entity';
import type { Row } from '../schema/value';
import { UserSessions } from '../sessions/user-sessions';
import { useLive } from '../use-live';
import { LinkCell } from './link-cell';
import { ListPage } from './list-page';
import { EditorsContext, useEditors } from './use-editors';
import { ValueCell } from './value-cell';

/** The field of a user that no list of the catalogue shows, since sessions have no look-up of their own. */
const SESSIONS = 'sessions';

/** One object, and the lists that belong to it. `field` is that of the list which is shown; the first where it is null. */
export function ObjectPage({ entity, id, field }: { entity: Entity; id: string; field: string | null }) {
  const [isEdited, tellOfEditor] = useEditors();
  const live = useLive<{ object: Row | null }>(entity.document, JSON.stringify({ id }), isEdited);
  const object = live.data?.object ?? null;
  const isMissing = live.data !== null && object === null;
  const failure = live.failure ?? (isMissing ? { message: `There is no such ${entity.field}.` } : null);
  const replace = (object: Row) => live.alter(() => ({ object }));

  const lists = listsOf(entity.type);
  const names = [...lists.map((list) => list.field), ...(entity.type === 'User' ? [SESSIONS] : [])];
  const shown = field ?? names[0];
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
      {object && names.length > 0 && (
        <nav className="tabs" aria-label={`Lists of the ${entity.field}`}>
          {names.map((name) => (
            <a key={name} href={address(entity.field, id, name)} aria-current={name === shown ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
      )}
      {object && list && <ListPage list={list} id={id} key={list.field} />}
      {object && shown === SESSIONS && <UserSessions userId={id} />}
    </>
  );
}
