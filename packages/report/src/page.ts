import { renderBars } from './bars.js';
import { checkList, checkObject, checkPositive, checkText } from './check.js';
import { reportError } from './errors.js';
import { renderFacts, renderText } from './facts.js';
import { embedJson, escapeHtml, Ids, type Place } from './html.js';
import { renderLineChart } from './line-chart.js';
import { renderPictures } from './pictures.js';
import { renderRoofline } from './roofline.js';
import { SCRIPT } from './script/index.js';
import { STYLE } from './style.js';
import { MARKER_DEFINITIONS } from './svg.js';
import { renderTable } from './table.js';
import type { Block, Report, Section } from './types.js';

/** The page can load nothing and send nothing, whatever stands in it. */
const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * One HTML file that holds everything it shows: it opens from a disk, offline. The same report gives the same text.
 *
 * @throws InfnetError `REPORT_UNKNOWN_KIND`, `REPORT_RAGGED_ROWS`, `REPORT_VALUE`, `REPORT_PICTURE` or `REPORT_DATA`,
 *   with the place in the report.
 */
export function renderReport(report: Report): string {
  checkObject(report, 'report');
  const ids = new Ids();
  const title = escapeHtml(checkText(report.title, 'title'));
  const sections = checkList(report.sections, 'sections').map((section, i) => renderSection(section, i, ids));
  const refresh = report.refreshSeconds;
  if (refresh !== undefined) checkPositive(refresh, 'refreshSeconds');
  const optional = (text: string | undefined, where: string, wrap: (html: string) => string) =>
    text === undefined ? '' : wrap(escapeHtml(checkText(text, where)));
  const lines = [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    // Scripts reload more gently: not while somebody reads a picture.
    refresh === undefined ? '' : `<noscript><meta http-equiv="refresh" content="${refresh}"></noscript>`,
    `<title>${title}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    `<body${refresh === undefined ? '' : ` data-refresh="${refresh}"`}>`,
    '<a class="skip" href="#main">Skip to content</a>',
    MARKER_DEFINITIONS,
    `<header><h1>${title}</h1>${optional(report.subtitle, 'subtitle', (html) => `<p>${html}</p>`)}</header>`,
    sections.length < 3
      ? ''
      : `<nav aria-label="Contents"><ul>${sections.map(({ id, title: name }) => `<li><a href="#${id}">${name}</a></li>`).join('')}</ul></nav>`,
    '<main id="main" tabindex="-1">',
    ...sections.map(({ html }) => html),
    '</main>',
    optional(report.footer, 'footer', (html) => `<footer><p>${html}</p></footer>`),
    report.data === undefined
      ? ''
      : `<script type="application/json" id="report-data">${embedJson(report.data, 'data')}</script>`,
    `<script>${SCRIPT}</script>`,
    '</body>',
    '</html>',
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function renderSection(section: Section, index: number, ids: Ids): { id: string; title: string; html: string } {
  const where = `sections[${index}]`;
  checkObject(section, where);
  const title = escapeHtml(checkText(section.title, `${where}.title`));
  const id = ids.next('section');
  const note =
    section.note === undefined ? '' : `<p class="note">${escapeHtml(checkText(section.note, `${where}.note`))}</p>`;
  const blocks = checkList(section.blocks, `${where}.blocks`).map((block, i) => {
    checkObject(block, `${where}.blocks[${i}]`);
    return renderBlock(block, { where: `${where}.blocks[${i}]`, ids });
  });
  const html = `<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${note}<div class="blocks">\n${blocks.join('\n')}\n</div></section>`;
  return { id, title, html };
}

function renderBlock(block: Block, place: Place): string {
  switch (block.kind) {
    case 'facts':
      return renderFacts(block, place);
    case 'text':
      return renderText(block, place);
    case 'lines':
      return renderLineChart(block, place);
    case 'roofline':
      return renderRoofline(block, place);
    case 'bars':
      return renderBars(block, place);
    case 'table':
      return renderTable(block, place);
    case 'pictures':
      return renderPictures(block, place);
    default: {
      const { kind } = block as { kind?: unknown };
      throw reportError(
        'REPORT_UNKNOWN_KIND',
        `there is no block of kind ${JSON.stringify(kind) ?? 'undefined'}`,
        place.where,
        'Give facts, text, lines, roofline, bars, table or pictures.',
        { kind },
      );
    }
  }
}
