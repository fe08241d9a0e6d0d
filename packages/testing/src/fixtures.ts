/**
 * Golden files, the same way in Node and in a browser.
 *
 * `scripts/fixtures-plugin.mjs` lists, once per test run, the files below `fixtures/` of the repository and those of
 * the shared folder beside it (`INFNET_SHARED`, else `../shared`), and hands the list to every test file through
 * vitest's `provide`. So whether a fixture exists is known while tests are being collected, and the name of a test that
 * cannot run says why. The bytes come from the disk in Node, and from the test server in a browser.
 */
import { inject, it } from 'vitest';
import { type GoldenData, type GoldenTensor, parseSafetensors } from './safetensors.js';

/** What the test run knows about fixtures: where each one is, by its path below `golden/` or another top folder. */
export interface FixtureIndex {
  /** Path with its top folder (`golden/ops/relu.json`) to the absolute file name. */
  readonly files: Readonly<Record<string, string>>;
  /** URL prefix under which the test server answers `GET <prefix><path>`. */
  readonly url: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    fixtures: FixtureIndex;
  }
}

interface NodeFs {
  readFileSync(file: string): Uint8Array<ArrayBuffer>;
}

/** Node's `fs` where there is one, without an import that a browser would have to resolve. */
function nodeFs(): NodeFs | undefined {
  const scope = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown }; window?: unknown };
  if (scope.window !== undefined) return undefined;
  return scope.process?.getBuiltinModule?.('node:fs') as NodeFs | undefined;
}

/** Whether the file `path` (with its extension and top folder, e.g. `golden/recipe/vectors.json`) is here. */
export function hasFixture(path: string): boolean {
  return Object.hasOwn(inject('fixtures').files, path);
}

/** The paths of all fixtures that start with `prefix`, sorted. */
export function listFixtures(prefix: string): string[] {
  return Object.keys(inject('fixtures').files)
    .filter((path) => path.startsWith(prefix))
    .sort();
}

/** The bytes of the fixture `path`, e.g. `golden/checkpoints/small_zip.pth`. */
export async function readFixture(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const { files, url } = inject('fixtures');
  const file = files[path];
  if (file === undefined) {
    throw new Error(
      `fixture ${path} is neither in fixtures/ nor in ../shared (set INFNET_SHARED to the shared folder)`,
    );
  }
  const fs = nodeFs();
  if (fs !== undefined) return Uint8Array.from(fs.readFileSync(file));
  const response = await fetch(url + path);
  if (!response.ok) throw new Error(`fixture ${path}: the test server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The fixture `path`, parsed as JSON. */
export async function readFixtureJson<T = unknown>(path: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await readFixture(path))) as T;
}

/** One golden: the sidecar and the tensors. */
export class Golden<Sidecar = Record<string, unknown>> {
  constructor(
    readonly path: string,
    readonly json: Sidecar,
    readonly tensors: ReadonlyMap<string, GoldenTensor>,
  ) {}

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** The tensor called `name`; throws with the names that are there. */
  get(name: string): GoldenTensor {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) {
      throw new Error(`golden ${this.path} has no tensor '${name}'; it has ${[...this.tensors.keys()].join(', ')}`);
    }
    return tensor;
  }

  shape(name: string): readonly number[] {
    return this.get(name).shape;
  }

  /** The data of a float32 tensor. */
  f32(name: string): Float32Array {
    return this.typed(name, Float32Array);
  }

  /** The data of a float64 tensor. */
  f64(name: string): Float64Array {
    return this.typed(name, Float64Array);
  }

  /** The data of a byte or boolean tensor. */
  u8(name: string): Uint8Array {
    return this.typed(name, Uint8Array);
  }

  private typed<T extends GoldenData>(name: string, type: new (length: number) => T): T {
    const { data, dtype } = this.get(name);
    if (!(data instanceof type)) throw new Error(`golden ${this.path}: '${name}' is ${dtype}, not ${type.name}`);
    return data;
  }
}

/** Whether the golden `path` (below `golden/`, no extension, e.g. `ops/conv2d`) is here, sidecar and tensors both. */
export function hasGolden(path: string): boolean {
  return hasFixture(`golden/${path}.json`) && hasFixture(`golden/${path}.safetensors`);
}

/** Loads `golden/<path>.json` and `golden/<path>.safetensors`. Each test file may await it at its top level. */
export async function loadGolden<Sidecar = Record<string, unknown>>(path: string): Promise<Golden<Sidecar>> {
  const [json, tensors] = await Promise.all([
    readFixtureJson<Sidecar>(`golden/${path}.json`),
    readFixture(`golden/${path}.safetensors`),
  ]);
  return new Golden(path, json, parseSafetensors(tensors));
}

/** For a test's name: empty when the golden is here, else ` (skipped: ../shared/golden/<path> is not here)`. */
export function goldenNote(path: string): string {
  return hasGolden(path) ? '' : ` (skipped: ../shared/golden/${path} is not here)`;
}

/** A test that needs the golden `path`: runs with it, or is skipped with the reason in its name. */
export function itWithGolden<Sidecar = Record<string, unknown>>(
  name: string,
  path: string,
  body: (golden: Golden<Sidecar>) => Promise<void> | void,
): void {
  if (hasGolden(path)) it(name, async () => body(await loadGolden<Sidecar>(path)));
  else it.skip(name + goldenNote(path), () => {});
}
