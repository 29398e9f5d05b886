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

/**
 * What was read of `what` last, except that it stays as it was while somebody edits it: it would be taken from under their hands. With
 * that, the value of the context by which editors tell.
 */
export function useUnlessEdited<Value>(value: Value, what: string): [Value, (difference: 1 | -1) => void] {
  const [editors, setEditors] = useState(0);
  const [kept, setKept] = useState({ value, what });
  const tell = useCallback((difference: 1 | -1) => setEditors((editors) => editors + difference), []);
  const isHeld = editors > 0 && kept.what === what;
  if (!isHeld && (kept.value !== value || kept.what !== what)) {
    setKept({ value, what });
  }
  return [isHeld ? kept.value : value, tell];
}
