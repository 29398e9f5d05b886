import { useEffect, useState } from 'react';
import { execute } from '../execute';
import { documentText } from './documents';
import { inGraphiql, isGraphiqlServed } from './graphiql';

/** The document of an operation, as far as it is nobody's secret, and the way to GraphiQL with it, where that is served. */
export function OperationDetail({ hash }: { hash: string }) {
  const [text, setText] = useState<string | null>(null);
  const [notice, setNotice] = useState('Reading…');
  const [isOffered, setIsOffered] = useState(false);
  useEffect(() => {
    void execute(documentText, { document: hash }).then(({ data, failure }) => {
      setText(data?.tide.documentText ?? null);
      setNotice(failure?.message ?? 'The server does not know this document any more.');
    });
  }, [hash]);
  useEffect(() => void isGraphiqlServed().then(setIsOffered), []);
  if (text === null) {
    return <p className="notice">{notice}</p>;
  }
  return (
    <div className="document">
      <pre tabIndex={0}>{text}</pre>
      <p>
        {isOffered && (
          <a href={inGraphiql(text)} target="_blank" rel="noopener">
            Open in GraphiQL
          </a>
        )}{' '}
        <small>What stood in its strings is left out.</small>
      </p>
    </div>
  );
}
