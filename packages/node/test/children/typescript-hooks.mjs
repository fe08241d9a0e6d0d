/**
 * Node's module hooks for TypeScript sources: `./x.js` inside one means `./x.ts`, and types are stripped.
 * The package that INFNET_TEST_MISSING names is not found. What was compiled once is kept in `node_modules/.cache`, so that most children never load the compiler.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const cache = new URL('../../../../node_modules/.cache/infnet-test-typescript/', import.meta.url);

export async function resolve(specifier, context, next) {
  if (specifier === process.env.INFNET_TEST_MISSING) {
    throw Object.assign(new Error(`Cannot find package '${specifier}'`), { code: 'ERR_MODULE_NOT_FOUND' });
  }
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
  await keep(outputText, target).catch(() => {});
  return outputText;
}

async function keep(text, target) {
  await mkdir(cache, { recursive: true });
  const temporary = new URL(`${randomUUID()}.tmp`, cache);
  await writeFile(temporary, text);
  await rename(temporary, target);
}
