/** The page's few building blocks. */
import { escapeControls, printable } from '@infnet/core';
import type { ComponentChildren, VNode } from 'preact';
import { useId } from 'preact/hooks';
import type { Progress, WireError } from '../protocol.js';

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
  const [first = '', ...lines] = escapeControls(message).trimEnd().split('\n');
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
      {fix !== undefined && <p>{escapeControls(fix)}</p>}
      <p class="hint">
        <code>{code}</code>
        {where !== undefined && ` · ${printable(where)}`}
      </p>
    </div>
  );
}

function sentence(text: string): string {
  const [first = ''] = text;
  return first.toUpperCase() + text.slice(1) + (/[.!?:]$/.test(text) ? '' : '.');
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

/** The head of a table; `number` and `bars` are how a column stands. */
export function Head(props: {
  columns: readonly (readonly [title: ComponentChildren, kind?: 'number' | 'bars'])[];
}): VNode {
  return (
    <thead>
      <tr>
        {props.columns.map(([title, kind], i) => (
          <th key={i} scope="col" class={kind}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
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
