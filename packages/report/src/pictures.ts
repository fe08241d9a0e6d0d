import { toBase64 } from './base64.js';
import { checkList, checkObject, checkPositive, checkText, checkWidth } from './check.js';
import { reportError } from './errors.js';
import { escapeHtml, type Place } from './html.js';
import type { Picture, Pictures } from './types.js';

const SIGNATURE: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Width and height from a PNG's header. */
function pngSize(png: Uint8Array, where: string): { width: number; height: number } {
  const bytes = png instanceof Uint8Array;
  if (!bytes || png.length < 33 || SIGNATURE.some((byte, i) => png[i] !== byte)) {
    const given = bytes ? `${png.length} bytes` : `a value of type ${typeof png}`;
    throw reportError(
      'REPORT_PICTURE',
      `the picture is not a PNG file (${given})`,
      where,
      'Give the bytes of a PNG as a Uint8Array, such as encodePng of @infnet/data returns.',
    );
  }
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/**
 * Rows of pictures. A picture is a link to itself: without scripts the page shows it alone over everything (`:target`),
 * with them in a dialog. So it is in the file once.
 */
export function renderPictures(block: Pictures, { where, ids }: Place): string {
  const width = block.width === undefined ? 160 : checkPositive(block.width, `${where}.width`);
  const columns = block.columns && checkList(block.columns, `${where}.columns`);
  for (const [i, column] of (columns ?? []).entries()) checkText(column, `${where}.columns[${i}]`);

  const figure = (picture: Picture, at: string, label: string, column: string | undefined): string => {
    checkObject(picture, at);
    const alt = escapeHtml(checkText(picture.alt, `${at}.alt`));
    const size = pngSize(picture.png, `${at}.png`);
    const id = ids.next('picture');
    const caption = picture.caption === undefined ? '' : checkText(picture.caption, `${at}.caption`);
    const title = [label, column, caption].filter(Boolean).join(', ');
    // Fewer pixels than it is wide: show the pixels, as they are what a reader wants to judge.
    const coarse = size.width < width ? ' class="coarse"' : '';
    return [
      `<figure id="${id}">`,
      `<a class="enlarge" href="#${id}" data-title="${escapeHtml(title)}">`,
      `<img src="data:image/png;base64,${toBase64(picture.png)}" alt="${alt}" width="${size.width}" height="${size.height}" decoding="async"${coarse}>`,
      '</a><a class="close" href="#main">Close</a>',
      column || caption
        ? `<figcaption>${column ? `<span class="column">${escapeHtml(column)}</span>` : ''}${caption ? `<span>${escapeHtml(caption)}</span>` : ''}</figcaption>`
        : '',
      '</figure>',
    ].join('');
  };

  const rows = checkList(block.rows, `${where}.rows`).map((row, r) => {
    const at = `${where}.rows[${r}]`;
    checkObject(row, at);
    const label = checkText(row.label, `${at}.label`);
    const pictures = checkList(row.pictures, `${at}.pictures`);
    if (columns) checkWidth(pictures.length, columns.length, at);
    const note = row.note === undefined ? '' : `<p>${escapeHtml(checkText(row.note, `${at}.note`))}</p>`;
    const figures = pictures.map((picture, p) => figure(picture, `${at}.pictures[${p}]`, label, columns?.[p]));
    return `<li><div class="about"><h3>${escapeHtml(label)}</h3>${note}</div><div class="strip">${figures.join('')}</div></li>`;
  });
  if (rows.length === 0) return '<p class="chart-note wide">no pictures yet</p>';
  return `<ul class="pictures wide" style="--picture:${width}px">${rows.join('')}</ul>`;
}
