import { useEffect, useState } from 'react';
import type { Failure } from '../../api/message';
import { executeText } from '../execute';
import { address } from '../page/route';
import { listsOf } from '../schema/catalogue';
import type { Entity } from '../schema/entity';
import type { Row } from '../schema/value';
import { UserSessions } from '../sessions/user-sessions';
import { LinkCell } from './link-cell';
import { ListPage } from './list-page';
import { ValueCell } from './value-cell';

/** The field of a user that no list of the catalogue shows, since sessions have no look-up of their own. */
const SESSIONS = 'sessions';

/** One object, and the lists that belong to it. `field` is that of the list which is shown; the first where it is null. */
export function ObjectPage({ entity, id, field }: { entity: Entity; id: string; field: string | null }) {
  const [object, setObject] = useState<Row | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  useEffect(() => {
    void executeText<{ object: Row | null }>(entity.document, { id }).then(({ data, failure }) => {
      setObject(data?.object ?? null);
      setFailure(failure ?? (data?.object ? null : { message: `There is no such ${entity.field}.` }));
    });
  }, [entity, id]);

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
          <dl>
            {entity.columns.map((column) => (
              <div key={column.name}>
                <dt title={column.description}>{column.name}</dt>
                <dd>
                  {column.type === 'link' ? (
                    <LinkCell column={column} row={object} />
                  ) : (
                    <ValueCell column={column} row={object} update={entity.update} onChanged={setObject} />
                  )}
                </dd>
              </div>
            ))}
          </dl>
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
