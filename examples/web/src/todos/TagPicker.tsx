import { use, useState } from 'react';

import type { Failure } from '../api/failure';
import { useChange } from '../api/useChange';
import { graphql } from '../graphql';
import { TextField } from '../shell/Field';
import styles from './TagPicker.module.css';
import { TagsContext } from './tags';

const CreateTag = graphql(`
  mutation CreateTag($input: CreateTagInput!) {
    createTag(input: $input) {
      tag {
        id
        name
      }
    }
  }
`);

interface TagPickerProps {
  /** The ids of those that are picked. */
  picked: string[];
  onPick: (ids: string[]) => void;
}

/** Picks some of the viewer's tags, and makes new ones. */
export function TagPicker({ picked, onPick }: TagPickerProps) {
  const tags = use(TagsContext);
  const [name, setName] = useState('');
  const [failure, setFailure] = useState<Failure>();
  const { change, isPending } = useChange(CreateTag);

  const create = async () => {
    const outcome = await change({ input: { name: name.trim() } }, `There is no tag “${name.trim()}”.`);
    setFailure(outcome.failure);
    if (!outcome.data) return;
    onPick([...picked, outcome.data.createTag.tag.id]);
    setName('');
  };

  return (
    <fieldset className={styles.tags}>
      <legend>Tags</legend>
      {tags.map((tag) => (
        <label key={tag.id}>
          <input
            type="checkbox"
            checked={picked.includes(tag.id)}
            onChange={({ target }) => {
              onPick(target.checked ? [...picked, tag.id] : picked.filter((id) => id !== tag.id));
            }}
          />
          #{tag.name}
        </label>
      ))}
      <div className={styles.add}>
        <TextField
          label="New tag"
          isLabelHidden
          name="name"
          placeholder="New tag"
          autoComplete="off"
          value={name}
          failure={failure}
          onChange={(event) => {
            setName(event.target.value);
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            // The tag and not the form.
            event.preventDefault();
            if (!isPending) void create();
          }}
        />
        <button type="button" className="quiet" disabled={isPending} onClick={create}>
          Add tag
        </button>
      </div>
    </fieldset>
  );
}
