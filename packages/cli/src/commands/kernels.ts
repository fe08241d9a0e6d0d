/**
 * `infnet kernels`: every hand-written kernel, and the text that really runs.
 *
 * The kernels are found where the packages keep them, as `.wgsl` files, so that none can be forgotten here. What
 * Inf-Net compiles into each is taken from a plan of it, which needs no GPU.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, sep } from 'node:path';
import { DEFAULT_PROFILE, isInfnetError, schedule, trace } from '@infnet/core';
import { ADAPTER_TRAITS, type Constants, expandSource, type Kernel } from '@infnet/core/kernels';
import { InfNet } from '@infnet/inf-net';
import { cliError } from '../errors.js';
import { EXIT, type Io, say } from '../io.js';
import { sayJson } from '../json.js';

export interface KernelsOptions {
  readonly print?: string;
  readonly define: Constants;
  readonly json?: boolean;
}

/** A kernel as it is listed. */
export interface ListedKernel {
  /** `package/kernel`. */
  readonly name: string;
  readonly package: string;
  /** What it computes, from its first comment lines. */
  readonly mathematics: string;
  /** Where its text lies in the package. */
  readonly file: string;
  /** Constants that its directives name. */
  readonly constants: readonly string[];
}

interface FoundKernel extends ListedKernel {
  readonly source: string;
}

/** The order in which packages are listed, from the ground up; others follow. */
const ORDER = [
  'core',
  'conv',
  'nn',
  'conv-block',
  'res2net',
  'partial-decoder',
  'reverse-attention',
  'edge-attention',
  'inf-net',
];

export async function kernels({ print, define, json = false }: KernelsOptions, io: Io): Promise<number> {
  const found = await findKernels();
  if (print === undefined) {
    if (Object.keys(define).length > 0) throw cliError('CLI_USAGE', '--define goes with --print.', 'Add --print NAME.');
    const listed: ListedKernel[] = found.map(({ source: _, ...kernel }) => kernel);
    if (json) sayJson(io, { command: 'kernels', ok: true, kernels: listed });
    else for (const line of table(listed)) say(io.stdout, line);
    return EXIT.ok;
  }
  const kernel = found.find(({ name }) => name === print) ?? unknown(print, found);
  const used = usedConstants().get(kernel.name)?.[0];
  const constants = { ...used, ...define };
  const code = expand(kernel, constants);
  if (json) sayJson(io, { command: 'kernels', ok: true, name: kernel.name, constants, code });
  else {
    const text = Object.entries(constants)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ');
    say(io.stdout, `// ${kernel.name}, constants: ${text === '' ? 'none' : text}\n${code.trimEnd()}`);
  }
  return EXIT.ok;
}

/** Every kernel of the packages, in the packages' order, then by name. */
async function findKernels(): Promise<FoundKernel[]> {
  const found: FoundKernel[] = [];
  for (const { name, folder } of installedPackages()) {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.wgsl'));
    if (files.length === 0) continue;
    // A package that cannot be loaded (half built) still has its texts; its kernels are then called after their files.
    const names = namesBySource(await import(`@infnet/${name}`).catch(() => ({})));
    const kernels = files.map((file) => {
      const path = join(folder, file);
      const source = readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
      const kernelName = names.get(withoutComments(source)) ?? `${name}/${basename(file, '.wgsl')}`;
      return {
        name: kernelName,
        package: `@infnet/${name}`,
        mathematics: mathematicsOf(source, kernelName),
        file: relative(dirname(folder), path).replaceAll(sep, '/'),
        constants: constantsOf(source),
        source,
      };
    });
    found.push(...kernels.sort((a, b) => (a.name < b.name ? -1 : 1)));
  }
  return found;
}

/**
 * The public packages of infnet that lie beside `@infnet/core`, in this repository as in `node_modules`, each with what
 * was built of it: there the texts are whole, without `#include`.
 */
function installedPackages(): { readonly name: string; readonly folder: string }[] {
  const home = dirname(dirname(createRequire(import.meta.url).resolve('@infnet/core/package.json')));
  const names = readdirSync(home).filter((name) => {
    const manifest = join(home, name, 'package.json');
    if (!existsSync(manifest) || !existsSync(join(home, name, 'dist'))) return false;
    const { name: full, private: hidden } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      name?: string;
      private?: boolean;
    };
    return full === `@infnet/${name}` && hidden !== true;
  });
  const place = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  names.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  return names.map((name) => ({ name, folder: join(home, name, 'dist') }));
}

/** The kernels that a package exports, by their text. */
function namesBySource(exports: Readonly<Record<string, unknown>>): Map<string, string> {
  const isKernel = (value: unknown): value is Kernel => {
    const { name, source } = (value ?? {}) as Partial<Kernel>;
    return typeof name === 'string' && typeof source === 'string';
  };
  return new Map(
    Object.values(exports)
      .filter(isKernel)
      .map(({ name, source }) => [withoutComments(source), name]),
  );
}

/** A kernel's text as a build ships it: without comments and indentation. */
function withoutComments(source: string): string {
  const lines = source.split('\n').map((line) => line.replace(/\/\/.*$/, '').trim());
  return lines.filter((line) => line !== '').join('\n');
}

/**
 * What a kernel computes: the first sentence of its comment, and where that has no formula the paragraph that follows,
 * if it is one.
 */
function mathematicsOf(source: string, name: string): string {
  const end = source.search(/^(?!\/\/)/m);
  const comment = source.slice(0, end < 0 ? source.length : end).replaceAll(/^\/\/ ?/gm, '');
  const paragraphs = comment.split(/\n\s*\n/).map((text) => text.replaceAll(/\s+/g, ' ').trim());
  const [first = '', second = ''] = paragraphs.filter((text) => text !== '');
  const sentence = (/^.*?[.;:](?= [A-Z]|$)/.exec(first)?.[0] ?? first).replace(`${name}: `, '');
  const whole = sentence.includes(' = ') && /[.;]$/.test(sentence);
  return whole || !/^[\w[\](), ]+ = /.test(second) ? sentence : `${sentence} ${second}`;
}

/** Names in directives and substitutions that are not loop variables. */
function constantsOf(source: string): string[] {
  const text = source.split('\n').flatMap((line) => {
    const directive = /^\s*#(?:if|elif)\s+(.*)$/.exec(line)?.[1] ?? /^\s*#for\s+\w+\s+in\s+(.*)$/.exec(line)?.[1];
    return directive ?? [...line.matchAll(/\$\(([^)]*)\)/g)].map((match) => match[1] as string);
  });
  const loops = new Set([...source.matchAll(/^\s*#for\s+(\w+)\s/gm)].map((match) => match[1]));
  const names = text.flatMap((part) => part.match(/[A-Za-z_]\w*/g) ?? []);
  return [...new Set(names)].filter((name) => !loops.has(name) && name !== 'min' && name !== 'max').sort();
}

/** Constants of every kernel of Inf-Net's forward at 352 x 352 on a plain GPU and on a CPU adapter. */
function usedConstants(): Map<string, Constants[]> {
  const graph = trace(({ image }) => new InfNet().call(image), { image: [1, 3, 352, 352] });
  const used = new Map<string, Constants[]>();
  for (const device of [DEFAULT_PROFILE, { ...DEFAULT_PROFILE, traits: ADAPTER_TRAITS.swiftshader, subgroupSize: 4 }]) {
    const { constantDispatches, dispatches } = schedule(graph, { device });
    for (const { kernel, constants } of [...constantDispatches, ...dispatches]) {
      used.set(kernel.name, [...(used.get(kernel.name) ?? []), constants]);
    }
  }
  return used;
}

function expand({ name, source, constants: known }: FoundKernel, constants: Constants): string {
  const surplus = Object.keys(constants).filter((constant) => !known.includes(constant) && !source.includes(constant));
  if (surplus.length > 0) {
    throw cliError(
      'CLI_USAGE',
      `${name} has no constant ${surplus.join(', ')}.`,
      `It has: ${known.join(', ') || 'none'}.`,
    );
  }
  try {
    return expandSource(source, constants, `kernel ${name}`);
  } catch (error) {
    if (!isInfnetError(error)) throw error;
    const missing = known.filter((constant) => constants[constant] === undefined);
    const flags = missing.map((constant) => `-D ${constant}=1`).join(' ');
    throw cliError(
      'CLI_KERNEL',
      `${name} needs values for its constants: ${missing.join(', ')}.`,
      `Give them, e.g. ${flags}; the kernel's first lines say what they mean.`,
      { cause: error },
    );
  }
}

function unknown(name: string, found: readonly FoundKernel[]): never {
  const near = found.map((kernel) => kernel.name).filter((known) => known.endsWith(`/${name}`) || known.includes(name));
  const fix = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'infnet kernels lists them.';
  throw cliError('CLI_KERNEL', `There is no kernel ${name}.`, fix);
}

function table(listed: readonly ListedKernel[]): string[] {
  const width = Math.max(...listed.map(({ name }) => name.length));
  return [
    ...listed.map(({ name, mathematics }) => `${name.padEnd(width)}  ${mathematics}`),
    `${listed.length} kernels in ${new Set(listed.map((kernel) => kernel.package)).size} packages`,
  ];
}
