/** Segment: drop slices, see what the net marks. */
import { shortHash } from '@infnet/data';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { builtinWeights } from '../../app/builtin.js';
import { percent } from '../../app/format.js';
import { report } from '../../app/notices.js';
import { Button, Check, Choice, DropZone, ErrorText, NumberField, Panel, ProgressBar, Slider } from '../../app/ui.js';
import { figuresOf } from './figures.js';
import { Results } from './results.js';
import {
  addFiles,
  addPhantoms,
  type Item,
  items,
  layers,
  loadBuiltinWeights,
  loadWeightsFile,
  opacity,
  progress,
  remove,
  repeatedNames,
  running,
  segmentAll,
  select,
  selected,
  selectedId,
  size,
  staleBy,
  threshold,
  view,
  weights,
} from './state.js';
import { Viewer } from './viewer.js';

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
        <Weights />
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

function Weights(): VNode {
  const loaded = weights.value;
  return (
    <Panel title="Weights">
      {loaded === undefined ? (
        <p>
          {builtinWeights.url === undefined
            ? 'Load the weights of an Inf-Net to segment with.'
            : 'Weights trained on phantoms come with this page.'}
        </p>
      ) : (
        <p class="strong-line">
          {loaded.name}
          <span class="hint">
            {loaded.backbone}, width {loaded.width}, {loaded.channels} channels
            {loaded.trainedOn !== undefined && `. Trained on ${loaded.trainedOn}`}. SHA-256{' '}
            <code title={loaded.sha256}>{shortHash(loaded.sha256)}</code>
          </span>
          {loaded.warning !== undefined && <span class="warning">{loaded.warning}</span>}
        </p>
      )}
      <DropZone
        compact
        label={loaded === undefined ? 'Drop weights' : 'Use others'}
        hint=".pth or .safetensors"
        accept=".pth,.pt,.safetensors"
        multiple={false}
        onFiles={([first]) => first && void loadWeightsFile(first.file, first.path)}
      />
      <NumberField
        label="Size the net sees, in pixels"
        value={size.value}
        min={loaded?.sizeMultiple ?? 32}
        max={1024}
        step={loaded?.sizeMultiple ?? 32}
        hint={`A multiple of ${loaded?.sizeMultiple ?? 32}. ${loaded?.size === undefined ? 'The reference uses 352.' : `These weights were trained at ${loaded.size}.`}`}
        onChange={(value) => {
          size.value = value;
        }}
      />
    </Panel>
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
          const shown = repeatedNames.value.has(name) ? item.path : name;
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
  const share = percent(figures.fraction);
  return figures.done < figures.depth ? `${share} of ${figures.done}` : share;
}

function VolumePanel(): VNode {
  const { window: shown, orient } = view.value;
  const kind = typeof shown === 'string' ? shown : 'custom';
  const [low, high] = selected.value?.report.extremes ?? [-1350, 150];
  const [from, to] = typeof shown === 'string' ? (shown === 'lung' ? [-1350, 150] : [low, high]) : shown;
  const custom = (level: number, width: number): void => {
    view.value = { ...view.value, window: [level - Math.max(1, width) / 2, level + Math.max(1, width) / 2] };
  };
  const level = (from + to) / 2;
  const width = to - from;
  const span = Math.max(1, high - low);
  return (
    <Panel title="Window">
      <Choice
        label="What becomes black and white"
        value={kind}
        options={[
          ['lung', 'Lung (−1350 to 150 HU)'],
          ['minmax', 'Full range of the volume'],
          ['custom', 'Level and width'],
        ]}
        onChange={(value) => {
          if (value === 'custom') custom(level, width);
          else view.value = { ...view.value, window: value };
        }}
      />
      <Slider
        label="Level"
        text={String(Math.round(level)).replace('-', '−')}
        value={Math.round(level)}
        min={Math.round(Math.min(low, from))}
        max={Math.round(Math.max(high, to))}
        onInput={(value) => custom(value, width)}
      />
      <Slider
        label="Width"
        value={Math.round(width)}
        min={1}
        max={Math.round(Math.max(2 * span, width))}
        onInput={(value) => custom(level, value)}
      />
      <Choice
        label="Orientation"
        value={orient}
        options={[
          ['released', 'On its side, as the net learned'],
          ['upright', 'Upright'],
        ]}
        onChange={(value) => {
          view.value = { ...view.value, orient: value };
        }}
      />
      <p class="hint">The net sees slices through this window too: segment again after changing it.</p>
    </Panel>
  );
}

function LayersPanel(): VNode {
  const set = (name: 'probability' | 'mask' | 'edge') => (on: boolean) => {
    layers.value = { ...layers.value, [name]: on };
  };
  return (
    <Panel title="Overlay">
      <fieldset class="checks">
        <legend class="visually-hidden">Layers</legend>
        <Check label="Mask" swatch="swatch-mask" checked={layers.value.mask} onChange={set('mask')} />
        <Check
          label="Probability"
          swatch="swatch-probability"
          checked={layers.value.probability}
          onChange={set('probability')}
        />
        <Check label="Edge" swatch="swatch-edge" checked={layers.value.edge} onChange={set('edge')} />
      </fieldset>
      <Slider
        label="Threshold"
        value={threshold.value}
        min={1}
        max={99}
        text={(threshold.value / 100).toFixed(2)}
        onInput={(value) => {
          threshold.value = value;
        }}
      />
      <Slider
        label="Opacity"
        value={opacity.value}
        min={0}
        max={100}
        text={`${opacity.value} %`}
        onInput={(value) => {
          opacity.value = value;
        }}
      />
    </Panel>
  );
}
