import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect } from 'react';

/** Has the editors follow the system from light to dark and back, where no theme was chosen: the rest of the page does so by itself. */
export function SystemTheme() {
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    const preference = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setTheme(theme);
    preference.addEventListener('change', follow);
    return () => preference.removeEventListener('change', follow);
  }, [theme, setTheme]);
  return null;
}
