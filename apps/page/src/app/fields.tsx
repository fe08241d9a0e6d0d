/** What one sets: numbers, choices, sliders, checks. */
import type { VNode } from 'preact';
import { useId } from 'preact/hooks';
import { settledNumber } from './number.js';

/** A label with what it names, and what is worth knowing beside it. */
function Field(props: {
  label: string;
  hint?: string | undefined;
  children: (id: string, hintId: string | undefined) => VNode;
}): VNode {
  const id = useId();
  const hintId = props.hint === undefined ? undefined : `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.children(id, hintId)}
      {props.hint !== undefined && (
        <small id={hintId} class="hint">
          {props.hint}
        </small>
      )}
    </div>
  );
}

export function Slider(props: {
  label: string;
  value: number;
  min: number;
  max: number;
  step?: number;
  text?: string;
  disabled?: boolean;
  onInput: (value: number) => void;
}): VNode {
  const id = useId();
  const { label, value, min, max, step = 1, text = String(value) } = props;
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <output for={id}>{text}</output>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={props.disabled ?? false}
        aria-valuetext={text}
        onInput={(event) => props.onInput(Number(event.currentTarget.value))}
      />
    </div>
  );
}

export function NumberField(props: {
  label: string;
  value: number;
  min: number;
  max: number;
  step?: number | 'any';
  hint?: string;
  disabled?: boolean;
  onChange: (value: number) => void;
}): VNode {
  return (
    <Field label={props.label} hint={props.hint}>
      {(id, hintId) => (
        <input
          id={id}
          type="number"
          min={props.min}
          max={props.max}
          step={props.step ?? 1}
          value={props.value}
          disabled={props.disabled ?? false}
          aria-describedby={hintId}
          onChange={(event) => {
            const { min, max, step = 1 } = props;
            const value = settledNumber(event.currentTarget.valueAsNumber, props.value, { min, max, step });
            event.currentTarget.value = String(value);
            props.onChange(value);
          }}
        />
      )}
    </Field>
  );
}

export function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [value: T, text: string])[];
  hint?: string | undefined;
  disabled?: boolean;
  onChange: (value: T) => void;
}): VNode {
  return (
    <Field label={props.label} hint={props.hint}>
      {(id, hintId) => (
        <select
          id={id}
          value={props.value}
          disabled={props.disabled ?? false}
          aria-describedby={hintId}
          onChange={(event) => props.onChange(event.currentTarget.value as T)}
        >
          {props.options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A square of a colour, as what lies over a slice has it. */
export function Swatch(props: { background: string }): VNode {
  return <span class="swatch" style={{ background: props.background }} aria-hidden="true" />;
}

export function Check(props: {
  label: string;
  checked: boolean;
  /** A background, as style sheets have it. */
  swatch?: string;
  disabled?: boolean;
  onChange: (on: boolean) => void;
}): VNode {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.checked}
        disabled={props.disabled ?? false}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      {props.swatch !== undefined && <Swatch background={props.swatch} />}
      <span>{props.label}</span>
    </label>
  );
}
