declare module 'virtual:catalogue' {
  /** What the schema describes, as of the build. */
  export const catalogue: import('./entity').Catalogue;
}
