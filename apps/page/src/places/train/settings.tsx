/** How a training goes. */
import type { VNode } from 'preact';
import { Check, NumberField } from '../../app/fields.js';
import { type ChosenNet, NetFields, TaskChoice } from '../../app/net-fields.js';
import type { NumberLimits } from '../../app/number.js';
import { taskNamed } from '../../app/tasks.js';
import { Panel } from '../../app/ui.js';
import type { AskedSettings } from '../../worker/train-protocol.js';
import { checkAgain, unlabelled } from './own-slices.js';
import { canLabel, isElsewhere, phantoms, settings, source, status } from './state.js';

/** A setting that is a number, with its label. */
type NumberSetting = NumberLimits & {
  readonly key: { [K in keyof AskedSettings]: AskedSettings[K] extends number ? K : never }[keyof AskedSettings];
  readonly label: string;
};

const ALWAYS: readonly NumberSetting[] = [
  { key: 'epochs', label: 'Epochs', min: 1, max: 1000, step: 1 },
  { key: 'batch', label: 'Slices per step', min: 2, max: 32, step: 1 },
  { key: 'lr', label: 'Learning rate', min: 1e-6, max: 0.1, step: 'any' },
  { key: 'seed', label: 'Seed', min: 0, max: 1e6, step: 1 },
];

/** Of a training that labels slices itself. */
const ROUNDS: readonly NumberSetting[] = [
  { key: 'group', label: 'Slices per round', min: 1, max: 100, step: 1 },
  { key: 'roundEpochs', label: 'Epochs per round', min: 1, max: 100, step: 1 },
  { key: 'finetuneEpochs', label: 'Epochs at the end', min: 0, max: 500, step: 1 },
];

function sizeSetting({ task }: AskedSettings): NumberSetting {
  const step = taskNamed(task)?.sizeMultiple ?? 32;
  return { key: 'size', label: 'Size, pixels', min: Math.max(step, 32), max: 512, step };
}

/** Another task is another net, and reads other masks. */
function choose({ task, options }: ChosenNet): void {
  settings.value = { ...settings.value, task, options };
  void checkAgain();
}

export function SettingsPanel(): VNode {
  const now = settings.value;
  const isFixed = status.value !== undefined || isElsewhere.value;
  const set = (change: Partial<AskedSettings>): void => {
    settings.value = { ...settings.value, ...change };
  };
  const numbers = (of: readonly NumberSetting[]): VNode[] =>
    of.map(({ key, ...field }) => (
      <NumberField
        key={key}
        {...field}
        value={now[key]}
        disabled={isFixed}
        onChange={(value) => set({ [key]: value })}
      />
    ));
  const isSemi =
    canLabel() && (source.value === 'phantoms' ? phantoms.value.unlabelled > 0 : unlabelled.files.value.length > 0);
  return (
    <Panel title="Settings">
      <TaskChoice value={now} disabled={isFixed} onChange={choose} />
      <NetFields value={now} disabled={isFixed} onChange={(options) => set({ options })} />
      <div class="fields">{numbers([sizeSetting(now), ...ALWAYS])}</div>
      {isSemi && <div class="fields">{numbers(ROUNDS)}</div>}
      {!isFixed && (
        <Check
          label="Vary the slices (flips, small turns, brightness)"
          checked={now.augment === 'mild'}
          onChange={(varied) => set({ augment: varied ? 'mild' : 'none' })}
        />
      )}
    </Panel>
  );
}
