import { createContext } from 'react';

import { useLiveQuery } from '../api/useLiveQuery';
import { graphql } from '../graphql';

export interface Tag {
  id: string;
  name: string;
}

/** The viewer's tags. */
export const TagsContext = createContext<Tag[]>([]);

const ReadTags = graphql(`
  query Tags {
    viewer {
      id
      tags(first: 100, orderBy: [{ field: NAME }]) {
        nodes {
          id
          name
        }
      }
    }
  }
`);

/** Reads them, and again with each change: what has not changed costs the server next to nothing. */
export function useReadTags(changes: number): Tag[] {
  const { data } = useLiveQuery(ReadTags, {}, changes);
  return data?.viewer?.tags.nodes ?? [];
}
