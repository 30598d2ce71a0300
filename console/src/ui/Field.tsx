import { type ReactNode, useId } from 'react';

type Control = {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean;
};

/** A labelled control with its hint, or with what is wrong with it. */
export const Field = (props: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  children: (control: Control) => ReactNode;
}) => {
  const { label, hint, error, children } = props;
  const id = useId();
  const note = error === undefined ? hint : sentence(label, error);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': note ? `${id}-note` : undefined, 'aria-invalid': error !== undefined })}
      {note && (
        <p id={`${id}-note`} className={error ? 'note error' : 'note'}>
          {note}
        </p>
      )}
    </div>
  );
};

/** `must have 8 bytes` → `Password must have 8 bytes`; what is a sentence already stays one. */
const sentence = (label: string, error: string): string => (/^\p{Ll}/u.test(error) ? `${label} ${error}` : error);
