// What TypeScript makes of the types that are generated from notes.graphql: what may be null has to be looked at first.
import type { CreateNoteMutationVariables, NodeQuery, NoteChangedSubscription, NotesQuery } from './generated'

export function titles({ notes }: NotesQuery): string[] {
  return notes.nodes.map((note) => note.title)
}

export function cursor({ notes }: NotesQuery): string {
  // @ts-expect-error A page may be empty.
  return notes.pageInfo.endCursor
}

export function title({ node }: NodeQuery): string {
  return node?.__typename === 'Note' ? node.title : ''
}

export function changed({ noteChanged }: NoteChangedSubscription): string {
  // @ts-expect-error What was deleted is gone.
  return noteChanged.nodeId + noteChanged.node.title
}

export const least: CreateNoteMutationVariables = { input: { title: 'a', body: '' } }

// @ts-expect-error A note has a title.
export const less: CreateNoteMutationVariables = { input: { body: '' } }
