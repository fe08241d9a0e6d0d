/** Which slices a training learns from. */
import type { MaskMode } from '@infnet/data';
import type { VNode } from 'preact';
import { DropZone } from '../../app/drop-zone.js';
import { Choice, NumberField } from '../../app/fields.js';
import { whole } from '../../app/format.js';
import { taskNamed } from '../../app/tasks.js';
import { ErrorText, Facts, Panel, ProgressBar } from '../../app/ui.js';
import { type Checked, chooseMasks, labelled, type OwnSlices, unlabelled } from './own-slices.js';
import { canLabel, isElsewhere, phantoms, settings, source, status } from './state.js';

export function SlicesPanel(): VNode {
  const isFixed = status.value !== undefined || isElsewhere.value;
  return (
    <Panel title="Slices">
      <Choice
        label="Learn from"
        value={source.value}
        disabled={isFixed}
        options={[
          ['phantoms', 'Phantoms'],
          ['files', 'Slices of your own'],
        ]}
        onChange={(value) => {
          source.value = value;
        }}
      />
      {source.value === 'phantoms' ? <Phantoms isFixed={isFixed} /> : <Own isFixed={isFixed} />}
    </Panel>
  );
}

function Phantoms({ isFixed }: { isFixed: boolean }): VNode {
  const now = phantoms.value;
  return (
    <div class="fields">
      <NumberField
        label="With masks"
        value={now.labelled}
        min={2}
        max={500}
        disabled={isFixed}
        onChange={(count) => {
          phantoms.value = { ...now, labelled: count };
        }}
      />
      {canLabel() && (
        <NumberField
          label="Without masks"
          value={now.unlabelled}
          min={0}
          max={500}
          disabled={isFixed}
          hint="0: supervised"
          onChange={(count) => {
            phantoms.value = { ...now, unlabelled: count };
          }}
        />
      )}
    </div>
  );
}

const MASKS: readonly (readonly [MaskMode, string])[] = [
  ['binary', '0 and 255'],
  ['nonzero', '0, and anything else where infected'],
  ['threshold', 'Greys, above 128 infected'],
  ['soft', 'Probabilities, 0 to 255'],
];

function Own({ isFixed }: { isFixed: boolean }): VNode {
  if (isFixed) {
    const counts = [
      ['With masks', labelled],
      ['Without masks', unlabelled],
    ] as const;
    const rows = counts.flatMap(([name, { checked }]) =>
      checked.value?.state === 'fit' ? [[name, whole(checked.value.report.count)] as const] : [],
    );
    return rows.length > 0 ? <Facts rows={rows} /> : <p class="hint">Kept in this browser with the training.</p>;
  }
  const { isCut = true, classes = [] } = taskNamed(settings.value.task) ?? {};
  const names = classes.map(({ name }, k) => `${k} ${name}`).join(', ');
  return (
    <>
      <OwnDrop
        slices={labelled}
        label="Slices with masks"
        hint="A folder with Imgs and GT in it: slices, and masks under the same names"
      />
      {isCut ? (
        <Choice
          label="Masks hold"
          value={settings.value.masks}
          options={MASKS}
          onChange={(mode) => void chooseMasks(mode)}
        />
      ) : (
        <p class="hint">Masks hold the class of every pixel: {names}.</p>
      )}
      {canLabel() && (
        <OwnDrop slices={unlabelled} label="Slices without masks (optional)" hint="The net labels them itself" />
      )}
    </>
  );
}

function OwnDrop({ slices, label, hint }: { slices: OwnSlices; label: string; hint: string }): VNode {
  const checked = slices.checked.value;
  return (
    <DropZone compact folder label={label} hint={hint} onFiles={(files) => void slices.take(files)}>
      {checked !== undefined && <Found checked={checked} isLabelled={slices === labelled} />}
    </DropZone>
  );
}

function Found({ checked, isLabelled }: { checked: Checked; isLabelled: boolean }): VNode {
  if (checked.state === 'reading')
    return <ProgressBar progress={checked.progress ?? { what: 'Reading', done: 0, total: 0 }} />;
  if (checked.state === 'wrong') {
    return (
      <div class="found bad" role="alert">
        <ErrorText error={checked.error} />
      </div>
    );
  }
  const { count, leftOut, notes } = checked.report;
  const what = isLabelled
    ? count === 1
      ? 'slice with its mask'
      : 'slices with their masks'
    : count === 1
      ? 'slice'
      : 'slices';
  return (
    <div class="found">
      <p>
        <strong>
          {whole(count)} {what}
        </strong>
      </p>
      {leftOut > 0 && (
        <p class="hint">
          {whole(leftOut)} other {leftOut === 1 ? 'file' : 'files'} left out
        </p>
      )}
      {notes !== '' && <p class="hint lines">{notes}</p>}
    </div>
  );
}
