/**
 * Node's module hooks for TypeScript sources: `./x.js` inside one means `./x.ts`, and types are stripped. The package
 * that INFNET_TEST_MISSING names is not found. What was compiled once is kept in `node_modules/.cache`, so that most
 * children never load the compiler. Nothing in here waits, so that the same functions serve `registerHooks` and
 * `register`.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const cache = new URL('../../../../node_modules/.cache/infnet-test-typescript/', import.meta.url);

export function resolve(specifier, context, next) {
  if (specifier === process.env.INFNET_TEST_MISSING) {
    throw Object.assign(new Error(`Cannot find package '${specifier}'`), { code: 'ERR_MODULE_NOT_FOUND' });
  }
  const fromTypeScript = context.parentURL?.endsWith('.ts') && specifier.startsWith('.') && specifier.endsWith('.js');
  return next(fromTypeScript ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

export function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const typescript = readFileSync(fileURLToPath(url), 'utf8');
  const compiled = new URL(`${createHash('sha256').update(typescript).digest('hex')}.js`, cache);
  return { format: 'module', source: kept(compiled) ?? compile(typescript, compiled), shortCircuit: true };
}

function kept(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function compile(typescript, target) {
  const ts = createRequire(import.meta.url)('typescript');
  const { outputText } = ts.transpileModule(typescript, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
  });
  try {
    keep(outputText, target);
  } catch {
    // It is compiled again next time.
  }
  return outputText;
}

function keep(text, target) {
  mkdirSync(cache, { recursive: true });
  const temporary = new URL(`${randomUUID()}.tmp`, cache);
  writeFileSync(temporary, text);
  renameSync(temporary, target);
}
