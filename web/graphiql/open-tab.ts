import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';

/** What a tab is opened with. */
export interface Opened {
  query: string;
  /** In JSON. */
  variables?: string;
  /** In JSON. */
  headers?: string;
}

/** Opens a tab of its own; null until there are editors. */
export function useOpenTab(): ((opened: Opened) => void) | null {
  const { addTab, stop } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  if (!queryEditor) {
    return null;
  }
  return ({ query, variables = '', headers = '' }) => {
    // Or else a subscription of the tab before would be shown in the new one.
    stop();
    addTab();
    // What is in the editors becomes the tab's.
    queryEditor.setValue(query);
    variableEditor?.setValue(variables);
    headerEditor?.setValue(headers);
  };
}
