/** The course of a training: curves, figures, rounds, and what the net sees now. */
import type { VNode } from 'preact';
import { bytes, duration } from '../../app/format.js';
import { taskNamed } from '../../app/tasks.js';
import { Facts, Panel } from '../../app/ui.js';
import { Chart } from './chart.js';
import { Prediction } from './prediction.js';
import { epochs, memory, pictures, place, rounds, settings, steps } from './state.js';

export function Course(): VNode {
  const where = place.value;
  const lastEpoch = epochs.value.at(-1);
  const lastStep = steps.value.at(-1);
  const dice = epochs.value.flatMap(({ step, dice: value }) => (value === undefined ? [] : [[step, value] as const]));
  const colours = taskNamed(settings.value.task)?.classes.map(({ colour }) => colour) ?? [];
  const marks = rounds.value.map(({ step }) => step);
  return (
    <>
      <div class="charts">
        <Panel title="Loss">
          <Chart
            title="Loss"
            series={[
              { name: 'step', points: steps.value.map(({ step, loss }) => [step, loss] as const) },
              { name: 'epoch', points: epochs.value.map(({ step, loss }) => [step, loss] as const) },
            ]}
            marks={marks}
          />
          <p class="hint legend">
            <span class="key series-1">each step</span>
            <span class="key series-2">mean of an epoch</span>
            {marks.length > 0 && <span>dashed: a round begins</span>}
          </p>
        </Panel>
        <Panel
          title={
            lastEpoch?.heldOut === false ? 'Dice on the slices it learns from' : 'Dice on slices it does not learn from'
          }
        >
          <Chart title="Dice" series={[{ name: 'Dice', points: dice }]} marks={marks} top={1} />
        </Panel>
      </div>
      <Panel title="Course">
        <Facts
          rows={[
            ['Step', String(lastStep?.step ?? 0)],
            ...(where === undefined
              ? []
              : [
                  ['Stage', stageName(where.stage)] as const,
                  ['Epoch', `${where.epoch} of ${where.epochs}`] as const,
                  ['Speed', `${where.speed.toFixed(where.speed < 10 ? 1 : 0)} slices/s`] as const,
                  ...(where.secondsLeft === undefined
                    ? []
                    : [['Left of this stage', duration(where.secondsLeft)] as const]),
                ]),
            ...(lastStep === undefined ? [] : [['Loss', lastStep.loss.toFixed(4)] as const]),
            ...(lastEpoch?.dice === undefined ? [] : [['Dice', lastEpoch.dice.toFixed(3)] as const]),
            ...(memory.value === undefined ? [] : [['Memory on the device', bytes(memory.value)] as const]),
          ]}
        />
      </Panel>
      {rounds.value.length > 0 && (
        <Panel title="Rounds">
          <ol class="rounds">
            {rounds.value.map(({ round, pseudo, images }) => (
              <li key={round}>
                Round {round}: {images} slices, {pseudo} labelled by the net
              </li>
            ))}
          </ol>
        </Panel>
      )}
      {pictures.value.length > 0 && (
        <Panel title="What it sees now">
          <p class="hint">
            {colours.length === 2
              ? 'Filled: what the net marks. Green line: the true border.'
              : 'Filled: what the net marks. Lines: the true borders of each class.'}
          </p>
          <div class="pictures">
            {pictures.value.map((picture) => (
              <Prediction key={picture.name} picture={picture} colours={colours} />
            ))}
          </div>
        </Panel>
      )}
    </>
  );
}

function stageName(stage: string): string {
  const names: Readonly<Record<string, string>> = {
    labelled: 'labelled slices',
    pseudo: 'all slices',
    finetune: 'labelled slices again',
  };
  return names[stage] ?? stage;
}
