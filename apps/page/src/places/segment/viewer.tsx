/** The slice that is looked at, with the net's maps over it. */
import { useSignalEffect } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Slider } from '../../app/fields.js';
import { nameText, percent } from '../../app/format.js';
import { report } from '../../app/notices.js';
import { labWorker } from '../../app/workers.js';
import type { GreySlice, SliceMaps } from '../../worker/segment-protocol.js';
import { sharesOf } from './figures.js';
import { paint } from './paint.js';
import {
  type Item,
  layers,
  opacity,
  selected,
  selectedId,
  shownTask,
  sliceIndex,
  staleBy,
  threshold,
  view,
} from './state.js';

interface Loaded {
  readonly id: number;
  readonly slice: GreySlice;
  readonly maps: SliceMaps | undefined;
}

export function Viewer(): VNode | null {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [loaded, setLoaded] = useState<Loaded>();
  const newest = useRef(0);
  useSignalEffect(() => {
    const item = selected.value;
    if (item === undefined) return;
    const index = Math.min(sliceIndex.value, item.report.depth - 1);
    const now = view.value;
    const result = item.results[index];
    const turn = ++newest.current;
    void load(item, index, now, result !== undefined)
      .then((next) => {
        // A slower answer to an older question is not shown.
        if (turn === newest.current) setLoaded(next);
      })
      .catch((error: unknown) => {
        // What is drawn is not what could not be loaded.
        if (turn === newest.current) setLoaded(undefined);
        report(error);
      });
  });
  const colours = shownTask.value?.classes.map(({ colour }) => colour) ?? [];
  const options = { colours, layers: layers.value, threshold: threshold.value / 100, opacity: opacity.value / 100 };
  useEffect(() => {
    const target = canvas.current;
    if (target === null) return;
    // Another one's slice is not shown under this name while its own is on the way.
    if (loaded === undefined || loaded.id !== selectedId.value) {
      target.getContext('2d')?.clearRect(0, 0, target.width, target.height);
      return;
    }
    const { width, height } = loaded.slice;
    target.width = width;
    target.height = height;
    target.getContext('2d')?.putImageData(paint(loaded.slice, loaded.maps, options), 0, 0);
  });
  const item = selected.value;
  if (item === undefined) return null;
  const { depth, name } = item.report;
  const index = Math.min(sliceIndex.value, depth - 1);
  const stale = item.results[index] !== undefined && staleBy(item).length > 0;
  return (
    <figure class={`viewer${stale ? ' stale' : ''}`}>
      <div
        class="canvas-box"
        onWheel={(event) => {
          if (depth === 1 || event.ctrlKey) return;
          event.preventDefault();
          step(item, Math.sign(event.deltaY));
        }}
      >
        <canvas ref={canvas} role="img" aria-label={describe(item, index)} />
      </div>
      {depth > 1 && (
        <Slider
          label="Slice"
          value={index + 1}
          min={1}
          max={depth}
          text={`${index + 1} of ${depth}`}
          onInput={(value) => {
            sliceIndex.value = value - 1;
          }}
        />
      )}
      <figcaption class="hint">
        {stale && <strong>Stale: </strong>}
        {nameText(name)} · {describeResult(item, index)}
      </figcaption>
    </figure>
  );
}

async function load(item: Item, slice: number, now: typeof view.value, hasMaps: boolean): Promise<Loaded> {
  const { id } = item.report;
  const [grey, maps] = await Promise.all([
    labWorker().ask('slice', { id, slice, view: now }),
    hasMaps ? labWorker().ask('maps', { id, slice, orient: now.orient }) : undefined,
  ]);
  return { id, slice: grey, maps };
}

export function step(item: Item, by: number): void {
  sliceIndex.value = Math.min(item.report.depth - 1, Math.max(0, sliceIndex.value + by));
}

function describeResult(item: Item, index: number): string {
  const result = item.results[index];
  const size = `${item.report.width} × ${item.report.height}`;
  if (result === undefined) return `${size}, not segmented yet`;
  const shares = item.task === undefined ? [] : sharesOf(item.task, result, threshold.value);
  const found = shares.map(({ fraction, class: { short } }) => `${percent(fraction)} ${short}`);
  return [size, ...found, `${Math.round(1000 * result.seconds)} ms`].join(', ');
}

function describe(item: Item, index: number): string {
  const which = item.report.depth > 1 ? `slice ${index + 1} of ${item.report.depth} of ` : '';
  return `${which}${item.report.name}: ${describeResult(item, index)}`;
}
