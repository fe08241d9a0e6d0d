/** How slices are looked at: the window of a volume, and what lies over them. */
import type { VNode } from 'preact';
import { Check, Choice, Slider, Swatch } from '../../app/fields.js';
import { Panel } from '../../app/ui.js';
import { css, EDGE, RAMP_BACKGROUND } from './paint.js';
import { layers, opacity, selected, shownTask, threshold, view } from './state.js';

export function VolumePanel(): VNode {
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

export function LayersPanel(): VNode {
  const task = shownTask.value;
  const isCut = task?.isCut ?? true;
  const colour = task?.classes[1]?.colour;
  const set = (name: 'probability' | 'mask' | 'edge') => (on: boolean) => {
    layers.value = { ...layers.value, [name]: on };
  };
  return (
    <Panel title="Overlay">
      <fieldset class="checks">
        <legend class="visually-hidden">Layers</legend>
        <Check
          label={isCut ? 'Mask' : 'Classes'}
          {...(isCut && colour !== undefined ? { swatch: css(colour) } : {})}
          checked={layers.value.mask}
          onChange={set('mask')}
        />
        {isCut && (
          <Check
            label="Probability"
            swatch={RAMP_BACKGROUND}
            checked={layers.value.probability}
            onChange={set('probability')}
          />
        )}
        {isCut && <Check label="Edge" swatch={css(EDGE)} checked={layers.value.edge} onChange={set('edge')} />}
      </fieldset>
      {!isCut &&
        task?.classes.slice(1).map(({ name, colour }) => (
          <p key={name} class="check">
            <Swatch background={css(colour)} /> {name}
          </p>
        ))}
      {isCut && (
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
      )}
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
