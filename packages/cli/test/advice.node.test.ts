/**
 * Advice that reaches a person at a terminal names what can be typed there.
 *
 * The packages' advice is read from their sources: every `fix` of an error, every table of fixes, every argument of a
 * function that takes one. What is JavaScript in it has to be translated by `adviceInFlags`, or be listed here with the
 * reason why it never gets here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { adviceInFlags } from '../src/advice.js';

const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));

/** Packages whose errors are about files, settings and machines; `cli` itself has to write no JavaScript either. */
const READ = ['checkpoint', 'cli', 'data', 'inf-net', 'metrics', 'node', 'report', 'swiftshader', 'trainer'];

/** Calls, object literals, arrows. Python is another matter: it is for the files that Python wrote. */
const JAVASCRIPT = /\{ ?\w+(:|,| \})|=>|\b(?!torch|nibabel|numpy)\w+\([^)]*\)|\bawait\b/;
const PYTHON = /\b(torch|nibabel|numpy|image|array)\.[\w.]+\([^()]*(\([^()]*\))?[^()]*\)/g;

/** Advice that does not get to the command line, by a part of it. */
const ELSEWHERE: readonly (readonly [part: string, why: string])[] = [
  ['new Uint8Array(await response.arrayBuffer())', 'the program passes bytes'],
  ['itemSeed(seed, epoch, index)', 'trainings draw their own numbers'],
  ['Use image(index), or open it with', 'what has no masks is only predicted'],
  ['are infected with maskAbove', 'masks have 0 and 255 when they are scored'],
  ['say where the border is with maskAbove', 'masks have 0 and 255 when they are scored'],
  ['crossEntropy(logits, classes, { ignoreIndex })', 'the program opens class maps without an ignoreIndex'],
  ['Say how: { resize:', 'one-hot targets are trained at one scale: --scales is refused with --multi-class'],
  ['SHARE_ENV', 'the program opens its adapter in the main thread'],
  ['Prepare the step with { accumulate: true }', 'the program does'],
  ['net.call(image).lateralMap2', 'the program names the output of its own net'],
  ["{ remainder: 'use' }", 'is the default, which the program does not change'],
];

function sources(): readonly (readonly [file: string, source: ts.SourceFile])[] {
  return READ.flatMap((name) => {
    const folder = join(PACKAGES, name, 'src');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    return files.map((file): [string, ts.SourceFile] => {
      const text = readFileSync(join(folder, file), 'utf8');
      return [`${name}/${file}`, ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)];
    });
  });
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** The texts within an expression; what is put into a template is `…`. */
function textsIn(expression: ts.Node): string[] {
  const texts: string[] = [];
  walk(expression, (node) => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) texts.push(node.text);
    if (ts.isTemplateExpression(node)) {
      texts.push(node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join(''));
    }
  });
  // A text in several lines is one.
  return ts.isBinaryExpression(expression) ? [texts.join('')] : texts;
}

const nameOf = (call: ts.CallExpression): string => call.expression.getText().split('.').at(-1) as string;

function adviceOf(all: ReturnType<typeof sources>): (readonly [file: string, text: string])[] {
  const takesFix = new Map<string, number>();
  for (const [, source] of all) {
    walk(source, (node) => {
      if (!ts.isFunctionDeclaration(node)) return;
      const at = node.parameters.findIndex(({ name }) => name.getText() === 'fix');
      if (at >= 0 && node.name !== undefined) takesFix.set(node.name.text, at);
    });
  }
  const found: [string, string][] = [];
  for (const [file, source] of all) {
    walk(source, (node) => {
      const at = ts.isCallExpression(node) ? takesFix.get(nameOf(node)) : undefined;
      const value =
        ts.isPropertyAssignment(node) && node.name.getText() === 'fix'
          ? node.initializer
          : ts.isVariableDeclaration(node) && /^(fix|\w*FIX\w*|\w*Fix)$/.test(node.name.getText())
            ? node.initializer
            : ts.isCallExpression(node) && at !== undefined
              ? node.arguments[at]
              : undefined;
      if (value !== undefined) for (const text of textsIn(value)) found.push([file, text]);
    });
  }
  return found;
}

describe('advice', () => {
  const all = adviceOf(sources());

  it('is found in the sources', () => {
    expect(all.length).toBeGreaterThan(200);
    expect(all.filter(([, text]) => JAVASCRIPT.test(text.replace(PYTHON, ''))).length).toBeGreaterThan(15);
  });

  it('has no JavaScript when it gets to a terminal', () => {
    const left = all.flatMap(([file, text]) => {
      if (ELSEWHERE.some(([part]) => text.includes(part))) return [];
      const told = adviceInFlags(text).replace(PYTHON, '');
      return JAVASCRIPT.test(told) ? [`${file}: ${told}`] : [];
    });
    expect(left, 'translate it in cli/src/advice.ts, or say here why it never gets to a terminal').toEqual([]);
  });

  it.each([
    ["say so with { masks: 'nonzero' }", 'say so with --masks nonzero'],
    ["try { window: 'minmax' or [-326, 1174] }", 'try --window minmax or -326,1174'],
    ['Crop it, or raise the limit with { maxPixels } if you trust the file.', 'Crop it.'],
    [
      'Train with a larger batch or larger maps, or set the module to inference with eval().',
      'Give a larger --size, or --freeze-batch-norm, or a --batch that leaves no single slice over.',
    ],
    [
      'What fits: { batchSize: 5 }; or { batchSize: 9, recompute: true }; or { recompute: true }; or maps of 288 x 288.',
      'What fits: --batch 5; or --batch 9 --recompute; or --recompute; or --size 288.',
    ],
  ])('%s', (text, told) => {
    expect(adviceInFlags(text)).toBe(told);
  });
});
