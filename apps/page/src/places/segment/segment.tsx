/** Segment: drop slices, see what the net marks. */
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { DropZone } from '../../app/drop-zone.js';
import { nameText, percent } from '../../app/format.js';
import { report } from '../../app/notices.js';
import { Button, ErrorText, Panel, ProgressBar } from '../../app/ui.js';
import { figuresOf } from './figures.js';
import { LayersPanel, VolumePanel } from './look-panels.js';
import { Results } from './results.js';
import {
  addFiles,
  addPhantoms,
  type Item,
  items,
  loadBuiltinWeights,
  progress,
  remove,
  repeatedNames,
  running,
  segmentAll,
  select,
  selected,
  selectedId,
  staleBy,
  threshold,
  weights,
} from './state.js';
import { Viewer } from './viewer.js';
import { WeightsPanel } from './weights-panel.js';

/** Seeds whose phantoms are worth a look: from healthy to heavily infected. */
const PHANTOMS = [3, 8, 12, 21];

const ACCEPT = '.png,.jpg,.jpeg,.nii,.gz,.pth,.pt,.safetensors';

export function Segment(): VNode {
  useEffect(() => {
    void loadBuiltinWeights();
  }, []);
  return (
    <div class="place">
      <div class="side">
        <WeightsPanel />
        <Slices />
        {selected.value?.report.isVolume && <VolumePanel />}
      </div>
      <div class="stage">
        {items.value.length === 0 ? <Welcome /> : <Viewer />}
        {/* Told when it was dropped, too; a message is gone when the next ones come. */}
        {selected.value?.report.notes.map((note) => (
          <p key={note} class="warning">
            {note}
          </p>
        ))}
        {progress.value !== undefined && (
          <div class="row">
            <ProgressBar progress={progress.value} />
            {running.value !== undefined && <Button onClick={() => running.value?.abort()}>Stop</Button>}
          </div>
        )}
        {selected.value?.error !== undefined && <ErrorText error={selected.value.error} />}
      </div>
      <div class="side">
        {items.value.length > 0 && <LayersPanel />}
        <Results />
      </div>
    </div>
  );
}

function Welcome(): VNode {
  return (
    <div class="welcome">
      <h2 class="headline">Find infected tissue in CT slices of the lungs</h2>
      <p>
        Everything is computed on your own graphics processor. No slice leaves this machine, and the page works offline
        once it was loaded.
      </p>
      <DropZone
        label="Drop slices, a folder, or a volume here"
        hint="PNG, JPEG, NIfTI (.nii, .nii.gz)"
        accept={ACCEPT}
        folder
        onFiles={(files) => void addFiles(files)}
      >
        <Button kind="primary" onClick={() => void addPhantoms(PHANTOMS)}>
          Try phantoms
        </Button>
      </DropZone>
      <p class="hint">Phantoms are drawn by a program: they look like slices, and no patient is in them.</p>
    </div>
  );
}

function Slices(): VNode | null {
  if (items.value.length === 0) return null;
  const isRunning = running.value !== undefined;
  return (
    <Panel
      title="Slices"
      class="list"
      aside={
        <Button
          kind="primary"
          disabled={isRunning || weights.value === undefined}
          title={weights.value === undefined ? 'Load weights first' : undefined}
          onClick={() => void segmentAll().catch(report)}
        >
          Segment
        </Button>
      }
    >
      <ul class="items">
        {items.value.map((item) => {
          const { id, name, depth } = item.report;
          const shown = nameText(repeatedNames.value.has(name) ? item.path : name);
          return (
            <li key={id} class={id === selectedId.value ? 'chosen' : ''}>
              <button type="button" class="item" aria-current={id === selectedId.value} onClick={() => select(id)}>
                <span class="item-name" title={item.path}>
                  {shown}
                </span>
                <span class={`hint${staleBy(item).length > 0 ? ' stale' : ''}`}>
                  {depth > 1 ? `${depth} slices · ` : ''}
                  {outcome(item)}
                </span>
              </button>
              <button type="button" class="quiet icon" aria-label={`Remove ${shown}`} onClick={() => void remove(id)}>
                ×
              </button>
            </li>
          );
        })}
      </ul>
      <DropZone
        compact
        label="Add more"
        hint="PNG, JPEG, NIfTI"
        accept={ACCEPT}
        folder
        onFiles={(files) => void addFiles(files)}
      >
        <Button onClick={() => void addPhantoms([Math.floor(Math.random() * 1e6)])}>A phantom</Button>
      </DropZone>
    </Panel>
  );
}

/** What came of an item, in a word or a figure. */
function outcome(item: Item): string {
  if (item.status === 'failed') return 'failed';
  const figures = figuresOf(item, threshold.value);
  if (figures === undefined) return item.status === 'running' ? 'running' : 'not segmented';
  const share = figures.shares.map(({ fraction }) => percent(fraction)).join(' · ');
  return figures.done < figures.depth ? `${share} of ${figures.done}` : share;
}
