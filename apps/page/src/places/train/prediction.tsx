/** What the net says of a slice that it does not learn from. */
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Picture } from '../../worker/train-protocol.js';

export function Prediction({ picture }: { picture: Picture }): VNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const target = canvas.current;
    if (target === null) return;
    target.width = picture.size;
    target.height = picture.size;
    target.getContext('2d')?.putImageData(drawn(picture), 0, 0);
  }, [picture]);
  const text = `Dice ${picture.dice.toFixed(3)}`;
  return (
    <figure>
      <canvas ref={canvas} role="img" aria-label={`Prediction on ${picture.name}: ${text}`} />
      <figcaption class="hint">{text}</figcaption>
    </figure>
  );
}

function drawn({ size, slice, mask, probability }: Picture): ImageData {
  const image = new ImageData(size, size);
  for (let i = 0; i < slice.length; i++) {
    const p = (probability[i] as number) / 255;
    const alpha = p >= 0.5 ? 0.3 + 0.35 * p : 0.3 * p;
    const inside = (mask[i] as number) >= 128;
    const isBorder = inside && [i - 1, i + 1, i - size, i + size].some((at) => (mask[at] ?? 0) < 128);
    const shade = slice[i] as number;
    const colour = isBorder ? [120, 240, 170] : [255, 96, 28];
    const cover = isBorder ? 0.85 : alpha;
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = shade + ((colour[c] as number) - shade) * cover;
    image.data[4 * i + 3] = 255;
  }
  return image;
}
