import type { Field } from './entity';

/** Objects as the API gives them. */
export type Row = { id: string } & Record<string, unknown>;

/** What a column of links holds where it leads to several objects. */
export interface Links {
  totalCount: number;
  nodes: Row[];
}

/** A value as text, for people. */
export function show(field: Field, value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  return field.kind === 'time' ? showTime(String(value)) : String(value);
}

/** A point in time by the clock of the browser, in the form of RFC 3339 without what everybody knows. */
export function showTime(text: string): string {
  return toLocal(text).replace('T', ' ');
}

/** A value as an input has it. */
export function toInput(field: Field, value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  return field.kind === 'time' ? toLocal(String(value)) : String(value);
}

/** What an input has, as the API takes it: null where it is empty, except for texts that must not be null. */
export function fromInput(field: Field, text: string): unknown {
  if (text === '' && !(field.kind === 'text' && field.isRequired)) {
    return null;
  }
  switch (field.kind) {
    case 'boolean':
      return text === 'true';
    case 'integer':
      return Number(text);
    case 'time':
      return new Date(text).toISOString();
    default:
      return field.isList ? [text] : text;
  }
}

function toLocal(text: string): string {
  const time = new Date(text);
  const shifted = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}
