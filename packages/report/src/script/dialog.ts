/**
 * Pictures as large as the window allows, by whole factors, so that a pixel stays a square. Arrows go on to the next.
 */
export const DIALOG: string = `
const links = [...document.querySelectorAll('a.enlarge')];
if (links.length > 0 && typeof HTMLDialogElement === 'function') {
  const dialog = make('dialog', '', document.body);
  const bar = make('div', 'dialog-bar', dialog);
  const title = make('p', '', bar);
  title.id = 'dialog-title';
  title.setAttribute('aria-live', 'polite');
  dialog.setAttribute('aria-labelledby', 'dialog-title');
  const stage = make('div', 'stage', dialog);
  const image = make('img', '', stage);
  let current = 0;
  const fit = () => {
    if (!dialog.open || !image.naturalWidth) return;
    const room = Math.min(stage.clientWidth / image.naturalWidth, stage.clientHeight / image.naturalHeight);
    const factor = room >= 2 ? Math.floor(room) : room;
    image.style.width = Math.max(1, Math.floor(image.naturalWidth * factor)) + 'px';
    image.style.imageRendering = factor >= 2 ? 'pixelated' : 'auto';
  };
  const show = (i) => {
    current = (i + links.length) % links.length;
    const source = links[current].querySelector('img');
    image.src = source.src;
    image.alt = source.alt;
    title.textContent = links[current].dataset.title || source.alt;
    if (!dialog.open) dialog.showModal();
    fit();
  };
  const button = (text, action) => make('button', '', bar, text).addEventListener('click', action);
  button('Previous', () => show(current - 1));
  button('Next', () => show(current + 1));
  button('Close', () => dialog.close());
  image.addEventListener('load', fit);
  addEventListener('resize', fit);
  stage.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => links[current].focus());
  dialog.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowLeft') show(current - 1);
    if (event.key === 'ArrowRight') show(current + 1);
  });
  links.forEach((link, i) => link.addEventListener('click', (event) => { event.preventDefault(); show(i); }));
}`;
