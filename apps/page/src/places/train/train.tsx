/** Train: a net learns on this machine, and one watches. */
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { tell } from '../../app/notices.js';
import { Button, ErrorText, Panel, ProgressBar } from '../../app/ui.js';
import { loadWeightsFile } from '../segment/state.js';
import { Course } from './course.js';
import { ownSlicesFit } from './own-slices.js';
import { askToDiscard, discard, lookForStored, pause, resume, saveWeights, start, trainedWeights } from './run.js';
import { SettingsPanel } from './settings.js';
import { SlicesPanel } from './slices.js';
import { canLabel, error, isAsking, isElsewhere, progress, source, status, steps } from './state.js';

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
        {canLabel()
          ? 'Inf-Net learns from slices with masks, and, if you give it more slices without masks, labels those itself, round by round, and learns from them too.'
          : 'The net learns from slices with masks.'}{' '}
        You see the loss fall and its predictions change. Closing the page does not lose anything.
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
