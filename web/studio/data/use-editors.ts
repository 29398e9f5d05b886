import { createContext, useCallback, useContext, useEffect, useState } from 'react';

/** Says that an editor was opened, or, with -1, closed. */
export const EditorsContext = createContext<(difference: 1 | -1) => void>(() => {});

/** Says, as long as `isEdited`, that there is an editor, so that what it is in stays as it is. */
export function useEditor(isEdited: boolean): void {
  const tell = useContext(EditorsContext);
  useEffect(() => {
    if (isEdited) {
      tell(1);
      return () => tell(-1);
    }
  }, [isEdited, tell]);
}

/** Whether anything is edited, and the value of the context by which editors tell. */
export function useEditors(): [boolean, (difference: 1 | -1) => void] {
  const [editors, setEditors] = useState(0);
  const tell = useCallback((difference: 1 | -1) => setEditors((editors) => editors + difference), []);
  return [editors > 0, tell];
}
