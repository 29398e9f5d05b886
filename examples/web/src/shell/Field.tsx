import { type ComponentProps, type ReactNode, useId } from 'react';

import type { Failure } from '../api/failure';
import styles from './Field.module.css';

interface Described {
  label: string;
  /** What the input is called in the API; a failure that names it is told here. */
  name: string;
  failure?: Failure | undefined;
  isLabelHidden?: boolean;
}

/** A line of text with its label, and with what the server has against it. */
export function TextField({ label, name, failure, isLabelHidden = false, ...rest }: Described & ComponentProps<'input'>) {
  const { id, error, described } = useDescription(name, failure);
  return (
    <Frame {...{ id, label, isLabelHidden, error }}>
      <input {...rest} {...described} name={name} />
    </Frame>
  );
}

/** Lines of text, likewise. */
export function TextArea({ label, name, failure, isLabelHidden = false, ...rest }: Described & ComponentProps<'textarea'>) {
  const { id, error, described } = useDescription(name, failure);
  return (
    <Frame {...{ id, label, isLabelHidden, error }}>
      <textarea {...rest} {...described} name={name} />
    </Frame>
  );
}

function useDescription(name: string, failure: Failure | undefined) {
  const id = useId();
  const error = failure?.field === name ? failure.message : undefined;
  const described = { id, ...(error !== undefined && { 'aria-invalid': true, 'aria-describedby': `${id}-error` }) };
  return { id, error, described };
}

interface FrameProps {
  id: string;
  label: string;
  isLabelHidden: boolean;
  error: string | undefined;
  children: ReactNode;
}

function Frame({ id, label, isLabelHidden, error, children }: FrameProps) {
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={isLabelHidden ? 'visually-hidden' : undefined}>
        {label}
      </label>
      {children}
      {error !== undefined && (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
