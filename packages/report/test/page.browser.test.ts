import { renderReport } from '@infnet/report';
import { afterEach, expect, test } from 'vitest';
import { page } from './support.js';

let frame: HTMLIFrameElement | undefined;

async function open(html: string): Promise<Document> {
  frame = document.createElement('iframe');
  frame.style.cssText = 'width:800px;height:600px';
  const loaded = new Promise((resolve) => frame!.addEventListener('load', resolve, { once: true }));
  frame.srcdoc = html;
  document.body.append(frame);
  await loaded;
  return frame.contentDocument!;
}

afterEach(() => frame?.remove());

function key(target: Element, name: string): void {
  target.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
}

async function png(): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(8, 4);
  canvas.getContext('2d')!.fillRect(0, 0, 4, 4);
  return new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());
}

test('arrow keys read the values of a chart', async () => {
  const series = [
    {
      name: 'loss',
      points: [
        [1, 3],
        [2, 0.5],
        [3, 1],
      ] as const,
    },
    { name: 'Dice', points: [[3, 0.8]] as const },
  ];
  const html = renderReport(page({ kind: 'lines', title: 'Loss', x: { label: 'epoch' }, y: { label: '' }, series }));
  const inner = await open(html);
  const probe = inner.querySelector('.probe')!;
  expect(probe.getAttribute('aria-valuetext')).toBe('epoch 3: loss 1, Dice 0.8');
  key(probe, 'Home');
  key(probe, 'ArrowRight');
  expect(probe.getAttribute('aria-valuetext')).toBe('epoch 2: loss 0.5');
  expect(inner.querySelectorAll('.dot')).toHaveLength(1);
  key(probe, 'Escape');
  expect(inner.querySelector('.readout')).toBeNull();
});

test('a picture opens in a dialog, arrows go on to the next', async () => {
  const pictures = [
    { png: await png(), alt: 'first' },
    { png: await png(), alt: 'second', caption: 'Dice 0.8' },
  ];
  const inner = await open(renderReport(page({ kind: 'pictures', rows: [{ label: 'p-7', pictures }] })));
  const dialog = inner.querySelector('dialog')!;
  expect(dialog.open).toBe(false);
  inner.querySelector<HTMLAnchorElement>('a.enlarge')!.click();
  expect(dialog.open).toBe(true);
  expect(dialog.querySelector('img')!.alt).toBe('first');
  key(dialog, 'ArrowRight');
  expect(dialog.querySelector('p')!.textContent).toBe('p-7, Dice 0.8');
  await dialog.querySelector('img')!.decode();
  expect(dialog.querySelector('img')!.naturalWidth).toBe(8);
  dialog.close();
});

test('reloading can be paused', async () => {
  const inner = await open(renderReport({ ...page(), refreshSeconds: 3600 }));
  const button = inner.querySelector<HTMLButtonElement>('.refresh button')!;
  expect(button.textContent).toBe('Pause');
  button.click();
  expect(inner.querySelector('.refresh')!.textContent).toContain('Paused');
});
