/** The page's few building blocks. */
import type { ComponentChildren, VNode } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import type { Progress, WireError } from '../protocol.js';
import type { StoredFile } from '../worker/train-protocol.js';
import { canChooseFolders, chosenFiles, droppedFiles } from './files.js';
import { settledNumber } from './number.js';

export function Panel(props: {
  title: string;
  children: ComponentChildren;
  aside?: ComponentChildren;
  class?: string;
}): VNode {
  return (
    <section class={`panel ${props.class ?? ''}`}>
      <header class="panel-head">
        <h2>{props.title}</h2>
        {props.aside}
      </header>
      {props.children}
    </section>
  );
}

export function Button(props: {
  children: ComponentChildren;
  onClick: () => void;
  kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  disabled?: boolean;
  title?: string;
  pressed?: boolean;
}): VNode {
  const { kind = 'plain', pressed, ...rest } = props;
  return (
    <button
      type="button"
      class={`button ${kind}`}
      onClick={rest.onClick}
      disabled={rest.disabled ?? false}
      title={rest.title}
      aria-pressed={pressed}
    >
      {rest.children}
    </button>
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
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type="number"
        min={props.min}
        max={props.max}
        step={props.step ?? 1}
        value={props.value}
        disabled={props.disabled ?? false}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => {
          const { min, max, step = 1 } = props;
          const value = settledNumber(event.currentTarget.valueAsNumber, props.value, { min, max, step });
          event.currentTarget.value = String(value);
          props.onChange(value);
        }}
      />
      {props.hint !== undefined && (
        <small id={`${id}-hint`} class="hint">
          {props.hint}
        </small>
      )}
    </div>
  );
}

export function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [value: T, text: string])[];
  disabled?: boolean;
  onChange: (value: T) => void;
}): VNode {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        value={props.value}
        disabled={props.disabled ?? false}
        onChange={(event) => props.onChange(event.currentTarget.value as T)}
      >
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Check(props: {
  label: string;
  checked: boolean;
  swatch?: string;
  onChange: (on: boolean) => void;
}): VNode {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      {props.swatch !== undefined && <span class={`swatch ${props.swatch}`} aria-hidden="true" />}
      <span>{props.label}</span>
    </label>
  );
}

export function ProgressBar(props: { progress: Progress }): VNode {
  const id = useId();
  const { what, done, total } = props.progress;
  return (
    <div class="progress">
      <span id={id}>{what}</span>
      <span class="figure">{total > 0 ? `${done} of ${total}` : ''}</span>
      {/* Without a value it moves: something is going on, nobody knows how long. */}
      <progress aria-labelledby={id} max={Math.max(1, total)} value={total > 0 ? done : undefined} />
    </div>
  );
}

export function ErrorText(props: { error: WireError }): VNode {
  const { code, message, where, fix } = props.error;
  const [first = '', ...lines] = message.trimEnd().split('\n');
  return (
    <div class="error-text">
      <p>
        <strong>{sentence(first)}</strong>
      </p>
      {lines.length > 0 && (
        <ul>
          {lines.map((line) => (
            <li key={line}>{sentence(line.trim())}</li>
          ))}
        </ul>
      )}
      {fix !== undefined && <p>{fix}</p>}
      <p class="hint">
        <code>{code}</code>
        {where !== undefined && ` · ${where}`}
      </p>
    </div>
  );
}

function sentence(text: string): string {
  const [first = ''] = text;
  return first.toUpperCase() + text.slice(1) + (/[.!?:]$/.test(text) ? '' : '.');
}

/** Takes files that are dropped on it, chosen, or a whole folder. */
export function DropZone(props: {
  label: string;
  hint: string;
  accept?: string;
  folder?: boolean;
  multiple?: boolean;
  compact?: boolean;
  disabled?: boolean;
  onFiles: (files: StoredFile[]) => void;
  children?: ComponentChildren;
}): VNode {
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const { disabled = false, multiple = true } = props;
  const hasFolder = props.folder === true && canChooseFolders;
  const chosen = (input: HTMLInputElement): void => {
    const list = chosenFiles(input);
    input.value = '';
    if (list.length > 0) props.onFiles(list);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra; the buttons inside do the same from the keyboard.
    <div
      class={`drop${over ? ' over' : ''}${props.compact ? ' compact' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (!disabled) setOver(true);
      }}
      onDragLeave={(event) => {
        // Moving onto a button within is no leaving.
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        if (disabled || event.dataTransfer === null) return;
        void droppedFiles(event.dataTransfer).then((list) => list.length > 0 && props.onFiles(list));
      }}
    >
      <p class="drop-label">{props.label}</p>
      <p class="hint">{props.hint}</p>
      <div class="row">
        <Button onClick={() => files.current?.click()} disabled={disabled}>
          Choose {multiple ? 'files' : 'a file'}
        </Button>
        {hasFolder && (
          <Button onClick={() => folder.current?.click()} disabled={disabled}>
            Choose a folder
          </Button>
        )}
        {props.children}
      </div>
      <input
        ref={files}
        type="file"
        hidden
        multiple={multiple}
        accept={props.accept}
        aria-label={`${props.label}: files`}
        onChange={(event) => chosen(event.currentTarget)}
      />
      {hasFolder && (
        <input
          ref={folder}
          type="file"
          hidden
          multiple
          // @ts-expect-error: every browser knows it, the standard does not yet. It is set as a property: an empty text would be false.
          webkitdirectory
          aria-label={`${props.label}: folder`}
          onChange={(event) => chosen(event.currentTarget)}
        />
      )}
    </div>
  );
}

/** A table that scrolls sideways where it has no room, by the keyboard too. */
export function TableBox(props: { label: string; children: ComponentChildren }): VNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable from the keyboard.
    <section class="table-box" aria-label={props.label} tabIndex={0}>
      <table>{props.children}</table>
    </section>
  );
}

/** Two columns of names and values. */
export function Facts(props: { rows: readonly (readonly [name: string, value: ComponentChildren])[] }): VNode {
  return (
    <dl class="facts">
      {props.rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
