/** The frame around the four places. */
import { useSignalEffect } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { Compare } from '../places/compare/compare.js';
import { Inspect } from '../places/inspect/inspect.js';
import { Segment } from '../places/segment/segment.js';
import { Train } from '../places/train/train.js';
import { adapter, adapterError, findAdapter } from './adapter.js';
import { announcement, dismiss, notices, report } from './notices.js';
import { PLACES, type Place, place } from './route.js';
import { findTasks } from './tasks.js';
import { applyTheme, nextTheme, theme } from './theme.js';
import { Button, ErrorText } from './ui.js';

const NAMES: Readonly<Record<Place, string>> = {
  segment: 'Segment',
  train: 'Train',
  inspect: 'Inspect',
  compare: 'Compare',
};
const THEMES = { system: 'as the system', light: 'light', dark: 'dark' } as const;

export function App(): VNode {
  useSignalEffect(() => applyTheme(theme.value));
  useSignalEffect(() => {
    document.title = `${NAMES[place.value]} · infnet`;
  });
  useEffect(() => {
    void findAdapter();
    void findTasks().catch(report);
  }, []);
  const Current = { segment: Segment, train: Train, inspect: Inspect, compare: Compare }[place.value];
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <a class="brand" href="#/segment">
          <img src="./icon.svg" alt="" width="28" height="28" />
          infnet
        </a>
        <nav aria-label="Places">
          {PLACES.map((name) => (
            <a key={name} href={`#/${name}`} aria-current={name === place.value ? 'page' : undefined}>
              {NAMES[name]}
            </a>
          ))}
        </nav>
        <div class="top-right">
          <AdapterChip />
          <button type="button" class="button quiet" onClick={nextTheme} aria-label={`Colours: ${THEMES[theme.value]}`}>
            <ThemeIcon />
          </button>
        </div>
      </header>
      <Notices />
      <main id="main" tabIndex={-1}>
        <h1 class="visually-hidden">{NAMES[place.value]}</h1>
        {adapterError.value !== undefined && <NoAdapter />}
        <Current />
      </main>
      <footer class="bottom">
        Research software, not a diagnostic device. Everything is computed on this machine; no slice leaves it.
      </footer>
      <div class="visually-hidden" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </>
  );
}

/** A disc: half filled, empty, or a crescent. */
function ThemeIcon(): VNode {
  const shape = {
    system: <path d="M10 2a8 8 0 0 1 0 16z" />,
    light: <circle cx="10" cy="10" r="3.5" />,
    dark: <path d="M10 2a8 8 0 1 0 8 8 6 6 0 0 1-8-8z" />,
  }[theme.value];
  return (
    <svg class="theme-icon" viewBox="0 0 20 20" aria-hidden="true">
      <circle cx="10" cy="10" r="8" fill="none" />
      {shape}
    </svg>
  );
}

function AdapterChip(): VNode {
  const found = adapter.value;
  if (adapterError.value !== undefined) return <span class="chip bad">No GPU</span>;
  if (found === undefined) return <span class="chip">Looking for a GPU</span>;
  return (
    <a class="chip" href="#/inspect" title={found.description}>
      {found.software ? 'Software adapter' : found.name}
    </a>
  );
}

/** The page without WebGPU: what to do, in plain words. */
function NoAdapter(): VNode | null {
  const error = adapterError.value;
  if (error === undefined) return null;
  return (
    <section class="panel alert" role="alert">
      <h2>This browser cannot compute here yet</h2>
      <ErrorText error={error} />
      <div class="row">
        <Button kind="primary" onClick={() => void findAdapter()}>
          Try again
        </Button>
      </div>
    </section>
  );
}

function Notices(): VNode {
  return (
    <section class="notices" aria-label="Messages" aria-live="polite">
      {notices.value.map(({ id, error, text }) => (
        <div key={id} class={`notice${error === undefined ? '' : ' bad'}`}>
          {error === undefined ? <p>{text}</p> : <ErrorText error={error} />}
          <button type="button" class="quiet icon" aria-label="Dismiss this message" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </section>
  );
}
