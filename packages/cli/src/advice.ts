/**
 * Advice in the words of the command line.
 *
 * Packages advise in the words of a library, `{ masks: 'nonzero' }`. Every error that reaches a person through this
 * program is told with options of this program instead, or without what it has no option for. A test walks the advice
 * of all packages that get here.
 */

const OPTIONS: readonly (readonly [RegExp, string | ((...found: string[]) => string)])[] = [
  // { masks: 'nonzero' }, { window: 'minmax' or [-326, 1174] }
  [/\{ (masks|orient|window|range): ([^}]*) \}/g, (_, name = '', values = '') => `--${name} ${plain(values)}`],
  [/\{ onProblem: 'skip' \}/g, '--skip-bad'],
  [/\{ acceptChangedData: true \}/g, '--accept-changed-data'],
  [/, or give \{ prior: \(request\) => \.\.\. \} for all of them/g, ''],
  [/, or allow it with \{ oneClass: 'allow' \}/g, ''],
  [/, or name its folders with \{ layout \}/g, ''],
  [/Say which one with \{ root \}/g, 'Give the folder of one of them'],
  [
    /, or open the data set with \{ prior: \(request\) => \.\.\. \}, e\.g\. predictions of Inf-Net/g,
    ' (infnet pseudo-label)',
  ],
  [/, or raise the limit with \{ max(Pixels|Bytes|Expansion) \} if you trust the file/g, ''],
  [/; \{ minSide \} lowers the limit/g, ''],
  [/ In a bundle or page make the file reachable, or pass its bytes to initJpegDecoder\(\)\./g, ''],
  [
    /Train with a larger batch or larger maps, or set the module to inference with eval\(\)/g,
    'Give a larger --size, or --freeze-batch-norm, or a --batch that leaves no single slice over',
  ],
  [/, or \{ ignoreIndex: [^}]* \} where that label means "do not count"/g, ''],
  [/\{ learningRate: ([^}]*) \}/g, '--lr $1'],
  [/Give a schedule, e\.g\. constant\(1e-3\)/g, 'Give a --schedule'],
  [/Give positions like \[4, 9, 14\], /g, 'Give --validate positions like 4,9,14, '],
  [/\{ batchSize: (\d+), recompute: true \}/g, '--batch $1 --recompute'],
  [/\{ batchSize: (\d+) \}/g, '--batch $1'],
  [/\{ recompute: true \}/g, '--recompute'],
  [/maps of (\d+) x \d+/g, '--size $1'],
  [/say how much there is: \{ memoryLimit \}/g, 'say how many MiB there are: INFNET_MEMORY in the environment'],
  [/or train without a split/g, 'or give --validate train or --validate none'],
];

/** `'minmax' or [-326, 1174]` as `minmax or -326,1174`. */
function plain(values: string): string {
  return values.replace(/\[([^\]]*)\]/g, (_, list: string) => list.replaceAll(' ', '')).replaceAll("'", '');
}

/** The same advice with options of the command line. */
export function adviceInFlags(fix: string): string {
  return OPTIONS.reduce((text, [pattern, flag]) => text.replace(pattern, flag as string), fix);
}
