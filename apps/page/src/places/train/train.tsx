/** Train: a net learns on this machine, and one watches. */
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { bytes, duration } from '../../app/format.js';
import { BackboneChoice, WidthField } from '../../app/net-fields.js';
import { tell } from '../../app/notices.js';
import { Button, Check, ErrorText, Facts, NumberField, Panel, ProgressBar } from '../../app/ui.js';
import type { Picture } from '../../worker/train-protocol.js';
import { loadWeightsFile } from '../segment/state.js';
import { Chart } from './chart.js';
import { ownSlicesFit, unlabelled } from './own-slices.js';
import { SlicesPanel } from './slices.js';
import {
  askToDiscard,
  discard,
  epochs,
  error,
  isAsking,
  isElsewhere,
  lookForStored,
  memory,
  pause,
  phantoms,
  pictures,
  place,
  progress,
  resume,
  rounds,
  saveWeights,
  settings,
  source,
  start,
  status,
  steps,
  trainedWeights,
} from './state.js';

export function Train(): VNode {
  useEffect(() => {
    void lookForStored();
  }, []);
  const isFresh = status.value === undefined && !isElsewhere.value;
  return (
    <div class="place">
      <div class="side">
        <SlicesPanel />
        <SettingsPanel />
      </div>
      <div class="stage">
        <Controls />
        {error.value !== undefined && (
          <section class="panel alert">
            <ErrorText error={error.value} />
          </section>
        )}
        {isFresh ? <Welcome /> : <Course />}
      </div>
    </div>
  );
}

function Welcome(): VNode {
  return (
    <div class="welcome">
      <h2 class="headline">Teach a net on this machine</h2>
      <p>
        Inf-Net learns from slices with masks, and, if you give it more slices without masks, labels those itself, round
        by round, and learns from them too. You see the loss fall and its predictions change. Closing the page does not
        lose anything.
      </p>
      <div class="row">
        <Button kind="primary" onClick={() => void start()} disabled={!isReady()}>
          Start training
        </Button>
        <span class="hint">{isReady() ? 'With these settings.' : 'First drop slices with masks that fit.'}</span>
      </div>
    </div>
  );
}

function isReady(): boolean {
  return source.value === 'phantoms' || ownSlicesFit();
}

function Controls(): VNode | null {
  const now = status.value;
  if (isElsewhere.value) return <Elsewhere />;
  if (now === undefined) return null;
  const text = { running: 'Training', paused: 'Paused', finished: 'Finished', failed: 'Stopped by an error' }[now];
  const hasWeights = now !== 'running' && steps.value.length > 0;
  const use = async (): Promise<void> => {
    const weights = await trainedWeights();
    if (weights === undefined) return;
    await loadWeightsFile(new Blob([weights.bytes as BlobPart]), weights.name);
    tell('Segment uses the weights that were trained here.');
  };
  return (
    <Panel
      title={text}
      aside={
        <div class="row end">
          {now === 'running' && (
            <Button kind="primary" onClick={pause}>
              Pause
            </Button>
          )}
          {(now === 'paused' || now === 'failed') && (
            <Button kind="primary" onClick={() => void resume()}>
              Resume
            </Button>
          )}
          {hasWeights && (
            <>
              <Button onClick={() => void use()}>Use in Segment</Button>
              <Button onClick={() => void saveWeights()}>Save weights</Button>
            </>
          )}
          {now !== 'running' && (
            <Button kind="danger" onClick={() => void askToDiscard()} title="Throws away what was trained">
              {now === 'finished' ? 'New training' : 'Stop and discard'}
            </Button>
          )}
        </div>
      }
    >
      {progress.value !== undefined && <ProgressBar progress={progress.value} />}
      {isAsking.value && <AskToDiscard />}
    </Panel>
  );
}

/** Another tab trains: nothing here may change its training. */
function Elsewhere(): VNode {
  return (
    <Panel title="Runs in another tab">
      <p>
        A training runs in another tab of this page. Below is its course as it was stored when you looked. It can be
        resumed or discarded here once that tab pauses it, ends it, or is closed; this page notices that by itself.
      </p>
    </Panel>
  );
}

function AskToDiscard(): VNode {
  const count = steps.value.at(-1)?.step ?? 0;
  return (
    <div class="warning stack" role="alertdialog" aria-label="Discard the training">
      <p>
        <strong>
          Throw away {count} {count === 1 ? 'step' : 'steps'} of training?
        </strong>{' '}
        The weights are lost in every tab of this page, unless you saved them.
      </p>
      <div class="row">
        <Button kind="danger" onClick={() => void discard()}>
          Throw away
        </Button>
        <Button
          onClick={() => {
            isAsking.value = false;
          }}
        >
          Keep it
        </Button>
      </div>
    </div>
  );
}

function SettingsPanel(): VNode {
  const now = settings.value;
  const isFixed = status.value !== undefined || isElsewhere.value;
  const set = (change: Partial<typeof now>): void => {
    settings.value = { ...now, ...change };
  };
  const isSemi = source.value === 'phantoms' ? phantoms.value.unlabelled > 0 : unlabelled.files.value.length > 0;
  return (
    <Panel title="Settings">
      <BackboneChoice value={now.backbone} disabled={isFixed} onChange={(backbone) => set({ backbone })} />
      <div class="fields">
        <NumberField
          label="Size, pixels"
          value={now.size}
          min={32}
          max={512}
          step={32}
          disabled={isFixed}
          onChange={(size) => set({ size })}
        />
        <NumberField
          label="Epochs"
          value={now.epochs}
          min={1}
          max={1000}
          disabled={isFixed}
          onChange={(value) => set({ epochs: value })}
        />
        <WidthField value={now.width} disabled={isFixed} onChange={(width) => set({ width })} />
        <NumberField
          label="Slices per step"
          value={now.batch}
          min={2}
          max={32}
          disabled={isFixed}
          onChange={(value) => set({ batch: value })}
        />
        <NumberField
          label="Learning rate"
          value={now.learningRate}
          min={1e-6}
          max={0.1}
          step="any"
          disabled={isFixed}
          onChange={(learningRate) => set({ learningRate })}
        />
        <NumberField
          label="Seed"
          value={now.seed}
          min={0}
          max={1e6}
          disabled={isFixed}
          onChange={(value) => set({ seed: value })}
        />
      </div>
      {isSemi && (
        <div class="fields">
          <NumberField
            label="Slices per round"
            value={now.group}
            min={1}
            max={100}
            disabled={isFixed}
            onChange={(value) => set({ group: value })}
          />
          <NumberField
            label="Epochs per round"
            value={now.roundEpochs}
            min={1}
            max={100}
            disabled={isFixed}
            onChange={(value) => set({ roundEpochs: value })}
          />
          <NumberField
            label="Epochs at the end"
            value={now.lastEpochs}
            min={0}
            max={500}
            disabled={isFixed}
            onChange={(value) => set({ lastEpochs: value })}
          />
        </div>
      )}
      {!isFixed && (
        <Check
          label="Vary the slices (flips, small turns, brightness)"
          checked={now.augment}
          onChange={(augment) => set({ augment })}
        />
      )}
    </Panel>
  );
}

function Course(): VNode {
  const where = place.value;
  const lastEpoch = epochs.value.at(-1);
  const lastStep = steps.value.at(-1);
  const dice = epochs.value.flatMap(({ step, dice: value }) => (value === undefined ? [] : [[step, value] as const]));
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
          <p class="hint">Orange: what the net marks. Green line: the true border.</p>
          <div class="pictures">
            {pictures.value.map((picture) => (
              <Prediction key={picture.name} picture={picture} />
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

function Prediction({ picture }: { picture: Picture }): VNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const target = canvas.current;
    if (target === null) return;
    target.width = picture.size;
    target.height = picture.size;
    target.getContext('2d')?.putImageData(drawn(picture), 0, 0);
  }, [picture]);
  const text = `Dice ${picture.dice.toFixed(3)}`;
  return (
    <figure>
      <canvas ref={canvas} role="img" aria-label={`Prediction on ${picture.name}: ${text}`} />
      <figcaption class="hint">{text}</figcaption>
    </figure>
  );
}

function drawn({ size, slice, mask, probability }: Picture): ImageData {
  const image = new ImageData(size, size);
  for (let i = 0; i < slice.length; i++) {
    const p = (probability[i] as number) / 255;
    const alpha = p >= 0.5 ? 0.3 + 0.35 * p : 0.3 * p;
    const inside = (mask[i] as number) >= 128;
    const isBorder = inside && [i - 1, i + 1, i - size, i + size].some((at) => (mask[at] ?? 0) < 128);
    const shade = slice[i] as number;
    const colour = isBorder ? [120, 240, 170] : [255, 96, 28];
    const cover = isBorder ? 0.85 : alpha;
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = shade + ((colour[c] as number) - shade) * cover;
    image.data[4 * i + 3] = 255;
  }
  return image;
}
