/** Where the page begins. */
import './app/standard.js';
import { render } from 'preact';
import { keepBuild } from './app/build.js';
import { droppedFiles } from './app/files.js';
import { place } from './app/route.js';
import { App } from './app/shell.js';
import { testHooks } from './app/test-hooks.js';
import { addFiles } from './places/segment/state.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/drop.css';
import './styles/facts.css';
import './styles/layout.css';
import './styles/places.css';
import './styles/segment.css';
import './styles/train.css';
import './styles/inspect.css';

// A slice that is dropped beside a drop zone must not replace the page; in Segment it is what was meant, and the page
// says so.
let leaving: ReturnType<typeof setTimeout> | undefined;
const showDragging = (isOver: boolean): void => {
  clearTimeout(leaving);
  document.documentElement.toggleAttribute('data-dragging', isOver);
  // Browsers repeat the event while something is over the page, every 350 ms at least; one that leaves is told by none
  // that can be trusted.
  if (isOver) leaving = setTimeout(showDragging, 700, false);
};
addEventListener('dragover', (event) => {
  event.preventDefault();
  showDragging(place.value === 'segment' && event.dataTransfer?.types.includes('Files') === true);
});
addEventListener('drop', (event) => {
  event.preventDefault();
  showDragging(false);
  if (place.value === 'segment' && event.dataTransfer !== null) void droppedFiles(event.dataTransfer).then(addFiles);
});

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
testHooks();

keepBuild().catch(() => {});
