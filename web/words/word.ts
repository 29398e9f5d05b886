/** A name that the API gives to one of a few, in words: `never filled` for `NEVER_FILLED`. */
export function word(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ');
}
