/** What was found, as figures and as files. */

import { printable } from '@infnet/core';
import { type Provenance, shortHash } from '@infnet/data';
import type { VNode } from 'preact';
import { Swatch } from '../../app/fields.js';
import { download } from '../../app/files.js';
import { duration, nameText, percent } from '../../app/format.js';
import { report, tell } from '../../app/notices.js';
import { tasks } from '../../app/tasks.js';
import { Button, Facts, Panel } from '../../app/ui.js';
import { labWorker } from '../../app/workers.js';
import type { ExportKind } from '../../worker/segment-protocol.js';
import type { TaskReport } from '../../worker/task-protocol.js';
import { summaryCsv } from './csv.js';
import { figuresOf, sharesOf } from './figures.js';
import { css } from './paint.js';
import { type Item, items, running, segmentAll, selected, sliceIndex, staleBy, threshold, weights } from './state.js';

export function Results(): VNode | null {
  const item = selected.value;
  const figures = item === undefined ? undefined : figuresOf(item, threshold.value);
  if (item?.task === undefined || figures === undefined) return null;
  const result = item.results[sliceIndex.value];
  const { isVolume } = item.report;
  const { shares, done, depth, seconds, of } = figures;
  const stale = staleBy(item);
  const ofSlice = isVolume && result !== undefined ? sharesOf(item.task, result, threshold.value) : [];
  const several = shares.length > 1;
  return (
    <Panel title="Result" class={stale.length > 0 ? 'stale' : ''}>
      {stale.length > 0 && <Stale by={stale} />}
      {shares.map(({ class: { name, short, colour }, fraction }) => (
        <p key={name} class="big">
          {several && <Swatch background={css(colour)} />} {percent(fraction)}{' '}
          <span class="hint">
            of the {of} {short}
          </span>
        </p>
      ))}
      {isVolume && <PerSlice item={item} task={item.task} />}
      <Facts
        rows={[
          ...ofSlice.map(
            ({ class: { short }, fraction }) =>
              [several ? `This slice, ${short}` : 'This slice', percent(fraction)] as const,
          ),
          ...shares.flatMap(({ class: { short }, millilitres }) =>
            millilitres === undefined
              ? []
              : [[`${sentence(short)}${done < depth ? ` in ${of}` : ''}`, `${millilitres.toFixed(1)} ml`] as const],
          ),
          ['Time per slice', duration(seconds / done)],
          ...(isVolume ? [['Slices', `${done} of ${depth}`] as const] : []),
        ]}
      />
      <Origin made={(result ?? item.results.find((one) => one !== undefined))?.made} isCut={item.task.isCut} />
      <Downloads item={item} task={item.task} isStale={stale.length > 0} />
    </Panel>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
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
function Origin({ made, isCut }: { made: Provenance | undefined; isCut: boolean }): VNode | null {
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
        {nameText(name)} <code>{shortHash(weightsSha256)}</code>, {size} px
      </summary>
      <Facts
        rows={[
          ['SHA-256', <code key="hash">{weightsSha256}</code>],
          ...(trainedOn === undefined ? [] : [['Trained on', printable(trainedOn)] as const]),
          ['Net', nameText(net)],
          ...(window === undefined ? [] : [['Window', window.map((value) => Math.round(value)).join(' to ')] as const]),
          ...(orient === undefined ? [] : [['Orientation', orient] as const]),
          ...(isCut ? [['Threshold', (threshold.value / 100).toFixed(2)] as const] : []),
          ['Precision', precision],
          ['Adapter', adapter],
          ['infnet', version],
          ...(time === undefined ? [] : [['Made', new Date(time).toLocaleString()] as const]),
        ]}
      />
    </details>
  );
}

/** How much of every slice of a volume is no background: where to look. */
function PerSlice({ item, task }: { item: Item; task: TaskReport }): VNode {
  const { depth } = item.report;
  const shares = Array.from({ length: depth }, (_, k) => {
    const result = item.results[k];
    if (result === undefined) return 0;
    return sharesOf(task, result, threshold.value).reduce((sum, { fraction }) => sum + fraction, 0);
  });
  const most = Math.max(0.001, ...shares);
  const what = task.classes
    .slice(1)
    .map(({ short }) => short)
    .join(' and ');
  const worst = shares.indexOf(Math.max(...shares));
  return (
    <svg
      class="per-slice"
      viewBox={`0 0 ${depth} 20`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${sentence(what)} share by slice; the most, ${percent(shares[worst] ?? 0)}, in slice ${worst + 1}`}
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

/** Names of maps that people know better. */
const MAP_NAMES: Readonly<Record<string, string>> = { prob: 'probability' };

function Downloads({ item, task, isStale }: { item: Item; task: TaskReport; isStale: boolean }): VNode {
  const slice = sliceIndex.value;
  const hasSlice = item.results[slice] !== undefined && !isStale;
  const isWhole = item.status === 'done' && !isStale;
  const save = (what: ExportKind): void => void saveOne(item, slice, what).catch(report);
  const { isVolume } = item.report;
  const many = items.value.filter(isExported).length > 1;
  const maps = mapsOf(task).map(({ name }) => ({ name, text: MAP_NAMES[name] ?? name }));
  return (
    <div class="stack downloads">
      <div class="row">
        {isVolume &&
          maps.map(({ name, text }) => (
            <Button key={name} onClick={() => save(`${name}.nii.gz`)} disabled={!isWhole}>
              {sentence(text)} volume
            </Button>
          ))}
        {maps.map(({ name, text }) => (
          <Button key={name} onClick={() => save(`${name}.png`)} disabled={!hasSlice}>
            {isVolume ? `Slice ${text}` : sentence(text)}
          </Button>
        ))}
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

/** Maps of a task, what tells classes first. */
function mapsOf({ maps }: TaskReport): TaskReport['maps'] {
  return [...maps].sort((a, b) => Number(b.isCut) - Number(a.isCut));
}

/** Whether an item has results to its end that were made the way the page is set. */
function isExported(item: Item): boolean {
  return item.status === 'done' && staleBy(item).length === 0;
}

function table(): string {
  const task = weights.value?.task ?? tasks.value[0];
  return task === undefined ? '' : summaryCsv(items.value, task, threshold.value, staleBy);
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
  for (const { report: item, path, task } of taken) {
    const [map] = task === undefined ? [] : mapsOf(task);
    if (map === undefined) continue;
    const what: ExportKind = `${map.name}.${item.isVolume ? 'nii.gz' : 'png'}`;
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
