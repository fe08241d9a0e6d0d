/**
 * Prose within 120 columns: paragraphs of Markdown and comments of code. `--write` breaks what is longer.
 *
 * Let be, by rule: code (biome formats it), tables, headings, fenced blocks, directives such as `biome-ignore`, and what
 * has no space to break at, such as addresses. Part of `npm run lint`.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './tools.mjs';

const WIDTH = 120;
const DIRECTIVE = /biome-ignore|@ts-|@vite-|eslint-|given:/;

/** A line as `[lead, text]` where it is prose, e.g. `['  // ', 'why']`. */
const COMMENT = /^(\s*(?:\/\/+|\*(?!\/)) ?)(.*)$/;
const PROSE = /^((?:> ?)?)(.*)$/;

/** What a paragraph's first line begins with; the other lines stand below what follows: a number, a dash, a name. */
const HEAD = /^(\s*)((?:[-*] |\d+\. |\S+ {2,})?)/;

/** Words with the spaces before them; a code span, a link, a call are one. */
function words(text) {
  return text.match(/\s*(?:`[^`]*`|\[[^\]]*\](?:\([^)]*\))?|\w\([^()]*\)|\{@link [^}]*\}|\S)+/g) ?? [];
}

function broken(lead, first, hang, text) {
  const lines = [];
  let line = lead + first;
  let empty = true;
  for (const word of words(text)) {
    if (!empty && line.length + word.length > WIDTH) {
      lines.push(line);
      line = lead + hang;
      empty = true;
    }
    line += empty ? word.trimStart() : word;
    empty = false;
  }
  return [...lines, line];
}

/** Text with its too long paragraphs broken again. */
export function wrap(text, isMarkdown) {
  const lines = text.split('\n');
  const found = [];
  let fenced = false;
  /** How far the lines of the list's item here stand to the right. */
  let item = 0;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    if (isMarkdown && /^\s*(```|~~~)/.test(line)) fenced = !fenced;
    const [, itemLead, itemText = ''] = (isMarkdown ? PROSE : COMMENT).exec(line) ?? [];
    const [itemHead, , itemMark] = HEAD.exec(itemText);
    if (itemMark !== '') item = itemHead.length;
    else if (itemLead === undefined || itemHead.length !== item) item = 0;
    const letBe =
      fenced || /^\s*\|/.test(itemText) || DIRECTIVE.test(line) || (isMarkdown && /^\s*(\||#|<|```)/.test(line));
    const single = isMarkdown ? null : /^(\s*)\/\*\* (.*) \*\/$/.exec(line);
    if (line.length <= WIDTH || letBe) found.push(line);
    else if (single !== null) {
      const [, indent, prose] = single;
      found.push(`${indent}/**`, ...broken(`${indent} * `, '', '', prose), `${indent} */`);
    } else {
      const match = (isMarkdown ? PROSE : COMMENT).exec(line);
      if (match === null) {
        found.push(line);
        continue;
      }
      const [, lead, rest] = match;
      const [head, indent, mark] = HEAD.exec(rest);
      const isTag = rest.startsWith('@');
      // Indented without a mark is preformatted: a formula, a command.
      const isPlain = indent.length < 2 || mark !== '' || isMarkdown || indent.length === item;
      const hang = isTag ? '  ' : isPlain ? ' '.repeat(head.length) : `${indent}  `;
      const paragraph = [rest.slice(head.length)];
      for (; isPlain && i + 1 < lines.length; i++) {
        const [, nextLead, next = ''] = (isMarkdown ? PROSE : COMMENT).exec(lines[i + 1]) ?? [];
        const body = next.slice(hang.length);
        const isSame = nextLead === lead && next.startsWith(hang) && /^[^\s@|#<`]|^`[^`]/.test(body);
        if (!isSame || HEAD.exec(body)[2] !== '' || /^[A-Z][\w ]*: /.test(body) || DIRECTIVE.test(next)) break;
        paragraph.push(body);
      }
      found.push(...broken(lead, head, hang, paragraph.join(' ')));
    }
  }
  return found.join('\n');
}

const files = execFileSync('git', ['ls-files', '*.md', '*.ts', '*.tsx', '*.mjs', '*.wgsl'], {
  cwd: root,
  encoding: 'utf8',
});
const long = [];
for (const file of files.trim().split('\n')) {
  if (file.startsWith('fixtures/')) continue;
  let text;
  try {
    text = readFileSync(join(root, file), 'utf8');
  } catch {
    continue;
  }
  const wrapped = wrap(text, file.endsWith('.md'));
  if (wrapped === text) continue;
  if (process.argv.includes('--write')) writeFileSync(join(root, file), wrapped);
  const at = text.split('\n').findIndex((line, i) => line !== wrapped.split('\n')[i]);
  long.push(`${file}:${at + 1}`);
}
for (const place of long) console.error(`${place}  prose over ${WIDTH} columns`);
const fix = long.length === 0 || process.argv.includes('--write') ? '' : '; run: node scripts/check-lines.mjs --write';
console.log(`lines: ${long.length} files with prose over ${WIDTH} columns${fix}`);
process.exitCode = long.length === 0 || process.argv.includes('--write') ? 0 : 1;
