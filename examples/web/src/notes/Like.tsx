import { useChange } from '../api/useChange';
import { type FragmentType, graphql, readFragment } from '../graphql';
import styles from './Like.module.css';

const LikeFragment = graphql(`
  fragment Like on Note {
    id
    title
    likeCount
    viewerHasLiked
  }
`);

const LikeNote = graphql(`
  mutation LikeNote($input: LikeNoteInput!) {
    likeNote(input: $input) {
      note {
        ...Like
      }
    }
  }
`);

const UnlikeNote = graphql(`
  mutation UnlikeNote($input: UnlikeNoteInput!) {
    unlikeNote(input: $input) {
      note {
        ...Like
      }
    }
  }
`);

/** How many like a note, and whether the viewer does. */
export function Like({ note: masked }: { note: FragmentType<typeof LikeFragment> }) {
  const { id, title, likeCount, viewerHasLiked } = readFragment(LikeFragment, masked);
  const like = useChange(LikeNote);
  const unlike = useChange(UnlikeNote);

  return (
    <button
      type="button"
      className={styles.like}
      aria-pressed={viewerHasLiked}
      aria-label={`Like ${title}, ${likeCount} ${likeCount === 1 ? 'like' : 'likes'}`}
      onClick={() => {
        const { change } = viewerHasLiked ? unlike : like;
        void change({ input: { id } }, `Your like of “${title}” is as it was.`);
      }}
    >
      <span aria-hidden="true">{viewerHasLiked ? '♥' : '♡'}</span> {likeCount}
    </button>
  );
}
