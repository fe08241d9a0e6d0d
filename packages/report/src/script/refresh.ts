/**
 * Reloads while a run goes on: not while a picture is enlarged or the reader has paused it, nor in a tab in the
 * background, which reloads when it is looked at again. What was unfolded stays unfolded.
 */
export const REFRESH: string = `
const folds = [...document.querySelectorAll('details')];
const opened = (history.state && history.state.opened) || [];
for (const i of opened) if (folds[i]) folds[i].open = true;
const seconds = Number(document.body.dataset.refresh);
if (seconds > 0) {
  let paused = false;
  let due = false;
  const bar = make('div', 'refresh', document.querySelector('header'));
  const state = make('span', '', bar);
  const button = make('button', '', bar);
  const write = () => {
    state.textContent = paused ? 'Paused: this page shows an earlier state.' : 'Reloads every ' + seconds + ' s while the run goes on.';
    button.textContent = paused ? 'Resume' : 'Pause';
  };
  const reload = () => {
    if (!due || paused || document.hidden || document.querySelector('dialog[open]')) return;
    history.replaceState({ opened: folds.flatMap((fold, i) => (fold.open ? [i] : [])) }, '');
    location.reload();
  };
  button.addEventListener('click', () => { paused = !paused; write(); reload(); });
  document.addEventListener('visibilitychange', reload);
  for (const dialog of document.querySelectorAll('dialog')) dialog.addEventListener('close', reload);
  setTimeout(() => { due = true; reload(); }, 1000 * seconds);
  write();
}`;
