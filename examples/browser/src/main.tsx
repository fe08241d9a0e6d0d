/** Where the page begins. */
import { render } from 'preact';
import { App } from './app/shell.js';
import { testHooks } from './app/test-hooks.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/layout.css';
import './styles/places.css';

// A slice that is dropped beside a drop zone must not replace the page.
for (const name of ['dragover', 'drop'] as const) addEventListener(name, (event) => event.preventDefault());

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
testHooks();

declare const __IS_BUILT__: boolean;

// Only built pages have a service worker, and only secure ones may.
if (__IS_BUILT__ && 'serviceWorker' in navigator) {
  navigator.serviceWorker.register(new URL('sw.js', document.baseURI)).catch(() => {
    // Without it the page works all the same, but not offline.
  });
}
