/** GraphiQL is served beside Studio, unless it is switched off. */
const page = new URL('.', document.baseURI).href;

/** Whether GraphiQL is served. */
export async function isGraphiqlServed(): Promise<boolean> {
  try {
    const head = await fetch(page, { method: 'HEAD' });
    // There is none, but who does not read it has the browser say that it was broken off.
    await head.text();
    return head.ok;
  } catch {
    return false;
  }
}

/** Its address with a document in its editor. */
export function inGraphiql(text: string): string {
  return `${page}#query=${encodeURIComponent(text)}`;
}
