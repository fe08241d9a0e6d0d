/**
 * The tiny expansion that lets a `.wgsl` file stay short where registers must be unrolled.
 *
 * WGSL has no arrays of registers: a private array with a dynamic index costs several times a register, so a tile of
 * 8 x 4 accumulators has to be 32 variables. Six directives, each alone on its line, and one inline form:
 *
 *     #for i in 0..TILE        lines repeated with i = 0, 1, ..., TILE - 1
 *     #if HAS_BIAS             lines kept when the expression is not 0 (also: #elif, #else)
 *     #end                     closes the nearest #for or #if
 *     #let ROWS = TILE / 8     names a value for the lines below (in a #for: those of this turn)
 *     #default FOLDED 0        the value of a constant that calls may leave out
 *     $(expression)            replaced by the integer value of the expression
 *
 * Expressions know integers, names (constants and loop variables), + - * / % (integer division), comparisons, && || !,
 * parentheses, and min(a, b) / max(a, b). Nothing is evaluated as JavaScript, so a page with a strict content security
 * policy can use it. `infnet kernels --print NAME` shows the text that really runs. (Lines
 * `#include "./piece.part.wgsl"` are no directives of this expansion: the build has resolved them, see
 * `scripts/wgsl-plugin.mjs`.)
 */
import { InfnetError } from '@infnet/errors';
import { evaluateExpression } from './expression.js';

/** Compile-time constants of a kernel: small integers that select a variant or a tile. */
export type Constants = Readonly<Record<string, number>>;

const namesBySource = new Map<string, ReadonlySet<string>>();

/** Names that the directives of a source use and do not make: its constants and loop variables. */
export function namesOfConstants(source: string): ReadonlySet<string> {
  let names = namesBySource.get(source);
  if (names === undefined) {
    const expressions = [...source.matchAll(/^\s*#(?:for|if|elif|let)\s(.*)$|\$\(([^\n]*)/gm)].map(([text]) => text);
    const made = [...source.matchAll(LET)].map(([, name]) => name as string);
    const found = new Set(expressions.flatMap((text) => text.match(/\b[A-Za-z_]\w*/g) ?? []));
    for (const word of ['for', 'if', 'elif', 'let', 'in', 'min', 'max', ...made]) found.delete(word);
    names = found;
    namesBySource.set(source, names);
  }
  return names;
}

interface Block {
  readonly lines: readonly string[];
  readonly next: number;
}

/**
 * Expands the directives of a kernel source.
 *
 * @throws InfnetError `KERNEL_EXPANSION` naming the kernel and the line for an unknown name or an unbalanced directive.
 */
export function expandSource(source: string, constants: Constants, where = 'kernel'): string {
  const lines = source.split(/\r?\n/);
  const out: string[] = [];
  const end = expandLines(lines, 0, { ...defaultsOf(source), ...constants }, out, where);
  if (end < lines.length) fail(`line ${end + 1}: "${lines[end]?.trim()}" closes nothing`, where);
  return out.join('\n');
}

function defaultsOf(source: string): Constants {
  return Object.fromEntries([...source.matchAll(DEFAULT)].map(([, name, value]) => [name, Number(value)]));
}

const DEFAULT = /^\s*#default\s+(\w+)\s+(\d+)\s*$/gm;
const LET = /^\s*#let\s+([A-Za-z_]\w*)\s*=\s*(.+)$/gm;

/** Names and values as they are at a line: `#let` adds to them. */
type Scope = Record<string, number>;

function expandLines(lines: readonly string[], start: number, scope: Scope, out: string[], where: string): number {
  let i = start;
  while (i < lines.length) {
    const line = lines[i] as string;
    const text = line.trim();
    if (text.startsWith('#for ')) i = expandFor(lines, i, scope, out, where);
    else if (text.startsWith('#if ')) i = expandIf(lines, i, scope, out, where);
    else if (/^#(end|else|elif)\b/.test(text)) return i;
    else if (text.startsWith('#default ')) i++;
    else if (text.startsWith('#let ')) {
      const place = `${where}, line ${i + 1}`;
      const [, name, expression] = [...text.matchAll(LET)][0] ?? fail('expected "#let NAME = EXPRESSION"', place);
      scope[name as string] = evaluateExpression(expression as string, scope, place);
      i++;
    } else {
      out.push(substitute(line, scope, `${where}, line ${i + 1}`));
      i++;
    }
  }
  return i;
}

function expandFor(lines: readonly string[], at: number, scope: Scope, out: string[], where: string): number {
  const match = /^#for\s+(\w+)\s+in\s+(.+?)\.\.(.+)$/.exec((lines[at] as string).trim());
  if (!match) fail(`line ${at + 1}: expected "#for NAME in FROM..TO"`, where);
  const [, name, from, to] = match as unknown as [string, string, string, string];
  const place = `${where}, line ${at + 1}`;
  const first = evaluateExpression(from, scope, place);
  const last = evaluateExpression(to, scope, place);
  const block = collect(lines, at + 1, where);
  if ((lines[block.next] as string).trim() !== '#end') fail(`line ${block.next + 1}: #for needs #end`, where);
  for (let value = first; value < last; value++) {
    expandLines(block.lines, 0, { ...scope, [name]: value }, out, where);
  }
  return block.next + 1;
}

function expandIf(lines: readonly string[], at: number, scope: Scope, out: string[], where: string): number {
  let taken = false;
  let i = at;
  for (;;) {
    const text = (lines[i] as string).trim();
    if (text === '#end') return i + 1;
    const block = collect(lines, i + 1, where);
    const condition = text === '#else' ? '1' : text.replace(/^#(if|elif)\s+/, '');
    if (!taken && evaluateExpression(condition, scope, `${where}, line ${i + 1}`) !== 0) {
      taken = true;
      expandLines(block.lines, 0, scope, out, where);
    }
    i = block.next;
  }
}

/** The lines up to the directive that ends this block, nested blocks included. */
function collect(lines: readonly string[], start: number, where: string): Block {
  let depth = 0;
  for (let i = start; i < lines.length; i++) {
    const text = (lines[i] as string).trim();
    if (text.startsWith('#for ') || text.startsWith('#if ')) depth++;
    else if (/^#(else|elif)\b/.test(text) && depth === 0) return { lines: lines.slice(start, i), next: i };
    else if (text === '#end') {
      if (depth === 0) return { lines: lines.slice(start, i), next: i };
      depth--;
    }
  }
  return fail(`line ${start}: directive without #end`, where);
}

function substitute(line: string, scope: Constants, where: string): string {
  let out = '';
  let i = 0;
  for (;;) {
    const open = line.indexOf('$(', i);
    if (open < 0) return out + line.slice(i);
    let depth = 1;
    let close = open + 2;
    while (close < line.length && depth > 0) {
      if (line[close] === '(') depth++;
      else if (line[close] === ')') depth--;
      close++;
    }
    if (depth > 0) fail('"$(" without ")"', where);
    out += line.slice(i, open) + String(evaluateExpression(line.slice(open + 2, close - 1), scope, where));
    i = close;
  }
}

function fail(message: string, where: string): never {
  throw new InfnetError({
    code: 'KERNEL_EXPANSION',
    message,
    where,
    fix: 'See packages/core/src/kernel/expand.ts for the directives a .wgsl file may use.',
  });
}
