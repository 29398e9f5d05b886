import { useEffect } from 'react';
import { useOpenTab } from './open-tab';

/** Opens the document that the address holds behind `#query=`, in a tab of its own. Whoever sees it decides whether it is executed. */
export function AddressedDocument() {
  const open = useOpenTab();
  useEffect(() => {
    const take = () => {
      const query = new URLSearchParams(location.hash.replace(/^#/, '')).get('query');
      if (query && open) {
        // So that it is not opened again when the page is loaded again.
        history.replaceState(null, '', location.pathname + location.search);
        open({ query });
      }
    };
    take();
    addEventListener('hashchange', take);
    return () => removeEventListener('hashchange', take);
  }, [open]);
  return null;
}
