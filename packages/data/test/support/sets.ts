/** Small data sets in memory, of phantoms. */
import {
  type DataSource,
  encodePng,
  type GreyImage,
  memorySource,
  type PhantomOptions,
  phantomSlice,
} from '../../src/index.js';

export const LOOK: PhantomOptions = { width: 72, height: 96, burden: 0.3 };

export function grey(width: number, height: number, at: (x: number, y: number) => number): GreyImage {
  const data = Uint8Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width)));
  return { width, height, channels: 1, data };
}

/** `Imgs/NAME.png` and `GT/NAME.png` for every name. */
export function phantomFiles(names: readonly string[], look: PhantomOptions = LOOK): Record<string, Uint8Array> {
  return Object.fromEntries(
    names.flatMap((name, i) => {
      const { image, infection } = phantomSlice(i + 1, look);
      return [
        [`Imgs/${name}.png`, encodePng(image)],
        [`GT/${name}.png`, encodePng(infection)],
      ];
    }),
  );
}

/** A source that counts what is read. */
export function counting(files: Record<string, Uint8Array>): DataSource & { readonly reads: string[] } {
  const source = memorySource(files, 'test set');
  const reads: string[] = [];
  return {
    ...source,
    reads,
    read(path) {
      reads.push(path);
      return source.read(path);
    },
  };
}
