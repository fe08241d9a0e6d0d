/**
 * Lets a child process of a test run the TypeScript sources as they are:
 * `node --conditions=@infnet/source --import ./typescript.mjs child.mjs`.
 *
 * What was compiled once is kept in `node_modules/.cache`, so that most children never load the compiler.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

// The hooks run in a thread of their own, which loads this file a second time.
if (isMainThread) register(import.meta.url);

const cache = new URL('../../../../node_modules/.cache/infnet-test-typescript/', import.meta.url);

export async function resolve(specifier, context, next) {
  const fromTypeScript = context.parentURL?.endsWith('.ts') && specifier.startsWith('.') && specifier.endsWith('.js');
  return next(fromTypeScript ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const typescript = await readFile(fileURLToPath(url), 'utf8');
  const compiled = new URL(`${createHash('sha256').update(typescript).digest('hex')}.js`, cache);
  const source = await readFile(compiled, 'utf8').catch(() => compile(typescript, compiled));
  return { format: 'module', source, shortCircuit: true };
}

async function compile(typescript, target) {
  const { default: ts } = await import('typescript');
  const { outputText } = ts.transpileModule(typescript, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
  });
  await mkdir(cache, { recursive: true });
  const temporary = new URL(`${randomUUID()}.tmp`, cache);
  await writeFile(temporary, outputText);
  await rename(temporary, target);
  return outputText;
}
