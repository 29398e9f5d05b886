import { readFile } from 'node:fs/promises'

/** The schema as it is written down. */
export const read = () => readFile(new URL('../schema.graphql', import.meta.url), 'utf8')
