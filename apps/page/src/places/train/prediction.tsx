/** What the net says of a slice that it does not learn from. */
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { nameText } from '../../app/format.js';
import type { Picture } from '../../worker/train-protocol.js';
import type { Rgb } from '../segment/paint.js';

export function Prediction({ picture, colours }: { picture: Picture; colours: readonly Rgb[] }): VNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const target = canvas.current;
    if (target === null) return;
    target.width = picture.size;
    target.height = picture.size;
    target.getContext('2d')?.putImageData(drawn(picture, colours), 0, 0);
  }, [picture, colours]);
  const text = `Dice ${picture.dice.toFixed(3)}`;
  return (
    <figure>
      <canvas ref={canvas} role="img" aria-label={`Prediction on ${nameText(picture.name)}: ${text}`} />
      <figcaption class="hint">{text}</figcaption>
    </figure>
  );
}

/** The true border of the one class that there is, where nothing else is green. */
const TRUE_BORDER: Rgb = [120, 240, 170];

function drawn({ size, slice, truth, found, probability }: Picture, colours: readonly Rgb[]): ImageData {
  const image = new ImageData(size, size);
  for (let i = 0; i < slice.length; i++) {
    const p = (probability?.[i] ?? 255) / 255;
    const marked = probability === undefined ? (found[i] as number) : 1;
    const own = truth[i] as number;
    const isBorder = own > 0 && [i - 1, i + 1, i - size, i + size].some((at) => (truth[at] ?? 0) !== own);
    const shade = slice[i] as number;
    const line = colours.length === 2 ? TRUE_BORDER : colours[own];
    const colour = (isBorder ? line : colours[marked]) ?? TRUE_BORDER;
    const alpha = marked === 0 ? 0 : p >= 0.5 ? 0.3 + 0.35 * p : 0.3 * p;
    const cover = isBorder ? 0.85 : alpha;
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = shade + ((colour[c] as number) - shade) * cover;
    image.data[4 * i + 3] = 255;
  }
  return image;
}
