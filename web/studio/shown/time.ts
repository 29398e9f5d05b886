import { showTime } from '../schema/value';

/** The time of day of a point in time, by the clock of the browser. */
export function clockTime(text: string): string {
  return showTime(text).slice(11);
}
