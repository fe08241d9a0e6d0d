/** What was found, as figures and as files. */
import type { VNode } from 'preact';
import { download } from '../../app/files.js';
import { duration, percent } from '../../app/format.js';
import { report, tell } from '../../app/notices.js';
import { Button, Facts, Panel } from '../../app/ui.js';
import { labWorker } from '../../app/workers.js';
import type { ExportKind } from '../../worker/segment-protocol.js';
import { summaryCsv } from './csv.js';
import { fractionOf, type Item, isCurrent, items, selected, sliceIndex, threshold } from './state.js';

export function Results(): VNode | null {
  const item = selected.value;
  if (item === undefined || item.results.length === 0) return null;
  const result = item.results[sliceIndex.value];
  const done = item.results.filter((one) => one !== undefined);
  const fraction = fractionOf(item) ?? 0;
  const each = done.reduce((sum, { seconds }) => sum + seconds, 0) / Math.max(1, done.length);
  const { isVolume, depth, millilitresPerVoxel } = item.report;
  const infected = done.reduce((sum, { counts }) => sum + (counts[threshold.value] ?? 0), 0);
  return (
    <Panel title="Result">
      <p class="big">
        {percent(fraction)} <span class="hint">of the {isVolume ? 'volume' : 'slice'} infected</span>
      </p>
      {isVolume && <PerSlice item={item} />}
      <Facts
        rows={[
          ...(isVolume && result !== undefined
            ? [['This slice', percent((result.counts[threshold.value] ?? 0) / result.pixels)] as const]
            : []),
          ...(millilitresPerVoxel === undefined
            ? []
            : [['Infected', `${(infected * millilitresPerVoxel).toFixed(1)} ml`] as const]),
          ['Time per slice', duration(each)],
          ...(isVolume ? [['Slices', `${done.length} of ${depth}`] as const] : []),
        ]}
      />
      {!isCurrent(item) && (
        <p class="hint">This was segmented through another window or orientation. Segment again to renew it.</p>
      )}
      <Downloads item={item} />
    </Panel>
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

function Downloads({ item }: { item: Item }): VNode {
  const slice = sliceIndex.value;
  const hasSlice = item.results[slice] !== undefined;
  const isWhole = item.status === 'done';
  const save = (what: ExportKind): void => void saveOne(item, slice, what).catch(report);
  const { isVolume } = item.report;
  const many = items.value.filter(({ status }) => status === 'done').length > 1;
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
        <Button onClick={() => download('summary.csv', summaryCsv(items.value, threshold.value), 'text/csv')}>
          Table (CSV)
        </Button>
        {many && <Button onClick={() => void saveAll().catch(report)}>All masks (ZIP)</Button>}
      </div>
    </div>
  );
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
  for (const { report: item, path, status } of items.value) {
    if (status !== 'done') continue;
    const what = item.isVolume ? 'mask.nii.gz' : 'mask.png';
    const { name, bytes } = await labWorker().ask('export', { id: item.id, slice: 0, what, threshold: limit });
    // In the folders it came with; the same file may have been dropped twice.
    const inFolder = path.slice(0, path.lastIndexOf('/') + 1) + name;
    files[files[inFolder] === undefined ? inFolder : `${item.id}-${name}`] = bytes;
  }
  files['summary.csv'] = new TextEncoder().encode(summaryCsv(items.value, threshold.value));
  const archive = await new Promise<Uint8Array>((resolve, reject) =>
    zip(files, { level: 0 }, (error, data) => (error === null ? resolve(data) : reject(error))),
  );
  download('masks.zip', archive, 'application/zip');
  tell(`${Object.keys(files).length} files are in masks.zip.`);
}
