import { useId } from 'react';

const traits = [
  { name: 'warmth', label: 'Warmth', low: 'Matter-of-fact', high: 'Warm' },
  { name: 'formality', label: 'Formality', low: 'Casual', high: 'Formal' },
  { name: 'assertiveness', label: 'Assertiveness', low: 'Patient', high: 'Driving' },
  { name: 'brevity', label: 'Brevity', low: 'Thorough', high: 'Brief' },
] as const;

type Personality = Record<(typeof traits)[number]['name'], number>;

export const PersonalityFields = (props: {
  value: Personality;
  onChange: (next: Personality) => void;
  errors: Readonly<Record<string, string>>;
}) => {
  const id = useId();
  return (
    <fieldset>
      <legend>Personality</legend>
      <div className="columns">
        {traits.map(({ name, label, low, high }) => (
          <div className="field" key={name}>
            <label htmlFor={`${id}-${name}`}>{label}</label>
            <input
              id={`${id}-${name}`}
              type="range"
              min="0"
              max="1"
              step="0.05"
              value={props.value[name]}
              aria-valuetext={`${Math.round(props.value[name] * 100)} of 100, from ${low.toLowerCase()} to ${high.toLowerCase()}`}
              onChange={(event) => props.onChange({ ...props.value, [name]: Number(event.target.value) })}
            />
            <p className="note ends" aria-hidden="true">
              <span>{low}</span>
              <span>{high}</span>
            </p>
            {props.errors[`personality.${name}`] && <p className="note error">{props.errors[`personality.${name}`]}</p>}
          </div>
        ))}
      </div>
    </fieldset>
  );
};
