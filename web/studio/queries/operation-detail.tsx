import { useEffect, useState } from 'react';
import { execute } from '../execute';
import { documentText } from './documents';

/** GraphiQL, which is served beside Studio, with a document in its editor. */
function graphiql(text: string): string {
  return `${new URL('.', document.baseURI).href}#query=${encodeURIComponent(text)}`;
}

/** The document of an operation, as far as it is nobody's secret, and the way to GraphiQL with it. */
export function OperationDetail({ hash }: { hash: string }) {
  const [text, setText] = useState<string | null>(null);
  const [notice, setNotice] = useState('Reading…');
  useEffect(() => {
    void execute(documentText, { document: hash }).then(({ data, failure }) => {
      setText(data?.tide.documentText ?? null);
      setNotice(failure?.message ?? 'The server does not know this document any more.');
    });
  }, [hash]);
  if (text === null) {
    return <p className="notice">{notice}</p>;
  }
  return (
    <div className="document">
      <pre tabIndex={0}>{text}</pre>
      <p>
        <a href={graphiql(text)} target="_blank" rel="noopener">
          Open in GraphiQL
        </a>{' '}
        <small>What texts in it held is left out.</small>
      </p>
    </div>
  );
}
