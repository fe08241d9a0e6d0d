/** What was found, as figures and as files. */
import { type Provenance, shortHash } from '@infnet/data';
import type { VNode } from 'preact';
import { download } from '../../app/files.js';
import { duration, percent } from '../../app/format.js';
import { report, tell } from '../../app/notices.js';
import { Button, Facts, Panel } from '../../app/ui.js';
import { labWorker } from '../../app/workers.js';
import type { ExportKind } from '../../worker/segment-protocol.js';
import { summaryCsv } from './csv.js';
import { figuresOf } from './figures.js';
import { type Item, items, running, segmentAll, selected, sliceIndex, staleBy, threshold, weights } from './state.js';

export function Results(): VNode | null {
  const item = selected.value;
  const figures = item === undefined ? undefined : figuresOf(item, threshold.value);
  if (item === undefined || figures === undefined) return null;
  const result = item.results[sliceIndex.value];
  const { isVolume } = item.report;
  const { fraction, millilitres, done, depth, seconds, of } = figures;
  const stale = staleBy(item);
  return (
    <Panel title="Result" class={stale.length > 0 ? 'stale' : ''}>
      {stale.length > 0 && <Stale by={stale} />}
      <p class="big">
        {percent(fraction)} <span class="hint">of the {of} infected</span>
      </p>
      {isVolume && <PerSlice item={item} />}
      <Facts
        rows={[
          ...(isVolume && result !== undefined
            ? [['This slice', percent((result.counts[threshold.value] ?? 0) / result.pixels)] as const]
            : []),
          ...(millilitres === undefined
            ? []
            : [[done < depth ? `Infected in ${of}` : 'Infected', `${millilitres.toFixed(1)} ml`] as const]),
          ['Time per slice', duration(seconds / done)],
          ...(isVolume ? [['Slices', `${done} of ${depth}`] as const] : []),
        ]}
      />
      <Origin made={(result ?? item.results.find((one) => one !== undefined))?.made} />
      <Downloads item={item} isStale={stale.length > 0} />
    </Panel>
  );
}

function Stale({ by }: { by: readonly string[] }): VNode {
  return (
    <div class="stale-note" role="status">
      <p>
        <strong>Stale.</strong> Made with {by.join(' and ')}. Segment again to renew it: until then it goes into no
        file.
      </p>
      <Button
        kind="primary"
        disabled={running.value !== undefined || weights.value === undefined}
        onClick={() => void segmentAll().catch(report)}
      >
        Segment again
      </Button>
    </div>
  );
}

/** Where the result comes from: what its files and its row of the table say, too. */
function Origin({ made }: { made: Provenance | undefined }): VNode | null {
  if (made === undefined) return null;
  const {
    weights: name,
    weightsSha256,
    trainedOn,
    net,
    size,
    window,
    orient,
    precision,
    adapter,
    version,
    time,
  } = made;
  return (
    <details class="origin">
      <summary>
        {name} <code>{shortHash(weightsSha256)}</code>, {size} px
      </summary>
      <Facts
        rows={[
          ['SHA-256', <code key="hash">{weightsSha256}</code>],
          ...(trainedOn === undefined ? [] : [['Trained on', trainedOn] as const]),
          ['Net', net],
          ...(window === undefined ? [] : [['Window', window.map((value) => Math.round(value)).join(' to ')] as const]),
          ...(orient === undefined ? [] : [['Orientation', orient] as const]),
          ['Threshold', (threshold.value / 100).toFixed(2)],
          ['Precision', precision],
          ['Adapter', adapter],
          ['infnet', version],
          ...(time === undefined ? [] : [['Made', new Date(time).toLocaleString()] as const]),
        ]}
      />
    </details>
  );
}

/** The infected share of every slice of a volume: where to look. */
function PerSlice({ item }: { item: Item }): VNode {
  const { depth } = item.report;
  const shares = Array.from({ length: depth }, (_, k) => {
    const result = item.results[k];
    return result === undefined ? 0 : (result.counts[threshold.value] ?? 0) / result.pixels;
  });
  const most = Math.max(0.001, ...shares);
  const worst = shares.indexOf(Math.max(...shares));
  return (
    <svg
      class="per-slice"
      viewBox={`0 0 ${depth} 20`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Infected share by slice; the most, ${percent(shares[worst] ?? 0)}, in slice ${worst + 1}`}
    >
      {shares.map((share, k) => (
        <rect
          key={k}
          class={k === sliceIndex.value ? 'now' : ''}
          x={k + 0.1}
          width={0.8}
          y={20 - (19 * share) / most}
          height={(19 * share) / most + 0.4}
        />
      ))}
    </svg>
  );
}

function Downloads({ item, isStale }: { item: Item; isStale: boolean }): VNode {
  const slice = sliceIndex.value;
  const hasSlice = item.results[slice] !== undefined && !isStale;
  const isWhole = item.status === 'done' && !isStale;
  const save = (what: ExportKind): void => void saveOne(item, slice, what).catch(report);
  const { isVolume } = item.report;
  const many = items.value.filter(isExported).length > 1;
  return (
    <div class="stack downloads">
      <div class="row">
        {isVolume && (
          <>
            <Button onClick={() => save('mask.nii.gz')} disabled={!isWhole}>
              Mask volume
            </Button>
            <Button onClick={() => save('prob.nii.gz')} disabled={!isWhole}>
              Probability volume
            </Button>
          </>
        )}
        <Button onClick={() => save('mask.png')} disabled={!hasSlice}>
          {isVolume ? 'Slice mask' : 'Mask'}
        </Button>
        <Button onClick={() => save('prob.png')} disabled={!hasSlice}>
          {isVolume ? 'Slice probability' : 'Probability'}
        </Button>
        <Button onClick={() => save('overlay.png')} disabled={!hasSlice}>
          Overlay
        </Button>
        <Button
          onClick={() => save('logits.npy')}
          disabled={!hasSlice}
          title="The net's raw numbers, as numpy reads them"
        >
          Logits
        </Button>
      </div>
      <div class="row">
        <Button onClick={() => download('summary.csv', table(), 'text/csv')}>Table (CSV)</Button>
        {many && <Button onClick={() => void saveAll().catch(report)}>All masks (ZIP)</Button>}
      </div>
    </div>
  );
}

/** Whether an item has results to its end that were made the way the page is set. */
function isExported(item: Item): boolean {
  return item.status === 'done' && staleBy(item).length === 0;
}

function table(): string {
  return summaryCsv(items.value, threshold.value, staleBy);
}

async function saveOne(item: Item, slice: number, what: ExportKind): Promise<void> {
  const { id } = item.report;
  const { name, bytes } = await labWorker().ask('export', { id, slice, what, threshold: threshold.value / 100 });
  download(name, bytes, what.endsWith('.png') ? 'image/png' : 'application/octet-stream');
}

/** Masks of all that is done, and the table, in one archive. */
async function saveAll(): Promise<void> {
  const { zip } = await import('fflate');
  const files: Record<string, Uint8Array> = {};
  const limit = threshold.value / 100;
  // As it is now: what changes while files are made is not mixed into them.
  const taken = items.value.filter(isExported);
  const leftOut = items.value.length - taken.length;
  const summary = table();
  for (const { report: item, path } of taken) {
    const what = item.isVolume ? 'mask.nii.gz' : 'mask.png';
    const { name, bytes } = await labWorker().ask('export', { id: item.id, slice: 0, what, threshold: limit });
    // In the folders it came with; the same file may have been dropped twice.
    const inFolder = path.slice(0, path.lastIndexOf('/') + 1) + name;
    files[files[inFolder] === undefined ? inFolder : `${item.id}-${name}`] = bytes;
  }
  files['summary.csv'] = new TextEncoder().encode(summary);
  const archive = await new Promise<Uint8Array>((resolve, reject) =>
    zip(files, { level: 0 }, (error, data) => (error === null ? resolve(data) : reject(error))),
  );
  download('masks.zip', archive, 'application/zip');
  const rest = leftOut === 0 ? '' : ` Left out: ${leftOut} that are stale, or not segmented to their end.`;
  tell(`${Object.keys(files).length} files are in masks.zip.${rest}`);
}
