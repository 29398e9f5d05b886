import { createContext, type ReactNode, use, useCallback, useMemo, useState } from 'react';

import styles from './notices.module.css';

/** Something that the user should know, and can try again where that may help. */
export interface Notice {
  text: string;
  again?: () => Promise<unknown>;
}

type Told = Notice & { id: string };

const NoticesContext = createContext<{ tell: (notice: Notice) => void } | null>(null);

/** At most as many as do not cover the page; the oldest go first. */
const MOST = 3;

export function useNotices() {
  const notices = use(NoticesContext);
  if (!notices) throw new Error('There are no Notices around this.');
  return notices;
}

/** Tells notices of what is in it, at the bottom of the window, until they are dismissed. */
export function Notices({ children }: { children: ReactNode }) {
  const [told, setTold] = useState<Told[]>([]);
  const tell = useCallback((notice: Notice) => {
    setTold((notices) => [...notices.slice(1 - MOST), { ...notice, id: crypto.randomUUID() }]);
  }, []);
  const dismiss = (id: string) => {
    setTold((notices) => notices.filter((notice) => notice.id !== id));
  };

  return (
    <NoticesContext value={useMemo(() => ({ tell }), [tell])}>
      {children}
      <div className={styles.notices} role="status">
        {told.map(({ id, text, again }) => (
          <div key={id} className={styles.notice}>
            <p>{text}</p>
            {again && (
              <button
                type="button"
                onClick={() => {
                  dismiss(id);
                  void again();
                }}
              >
                Try again
              </button>
            )}
            <button
              type="button"
              onClick={() => {
                dismiss(id);
              }}
            >
              Dismiss
            </button>
          </div>
        ))}
      </div>
    </NoticesContext>
  );
}
