/**
 * A training in its run folder: everything it tells is logged, shown as it goes, and kept; whatever ends it, what is
 * good is kept first.
 */
import { type Context, isInfnetError } from '@infnet/core';
import {
  encodePropagationState,
  encodeTrainerState,
  type PropagationState,
  type StepEvent,
  type TrainerState,
  writeJson,
} from '@infnet/trainer';
import type { Figures } from '../task.js';
import { lossOf } from '../train/method.js';
import type {
  Place,
  SessionEnd,
  SessionEpoch,
  SessionEvents,
  SessionState,
  TrainingSession,
} from '../train/session.js';
import { trainingSession } from '../train/training-session.js';
import { type Ending, endDocument, endText } from './ending.js';
import { figuresText, isBetter } from './figures.js';
import { FILES } from './folder.js';
import { Keeper } from './keeper.js';
import { type KeptLabels, labelStore } from './labels.js';
import type { NoteLine } from './log-lines.js';
import { RunMemory } from './memory.js';
import { type RunParts, type RunResult, withSlices } from './parts.js';
import { placeLine, placeText } from './place.js';
import { duration, trainingReport } from './report.js';
import { propagationDocument, semiReport } from './semi-report.js';
import { RunValidation } from './validation.js';

export class RecordedRun {
  readonly #parts: RunParts;
  readonly #keeper: Keeper;
  readonly #session: TrainingSession;
  readonly #validation: RunValidation | undefined;
  readonly #labels: KeptLabels | undefined;
  readonly #memory = new RunMemory();
  #adapter = '';
  #signal: AbortSignal | undefined;
  #context: Context | undefined;
  /** Undefined while it runs. */
  #stopped: string | undefined;
  #steps: number;
  #place: Place;
  /** Whether the bar of the stage in progress was begun. */
  #begun = false;
  /** The best state, until its weights are written. */
  #best: TrainerState | undefined;

  /** @throws InfnetError what a session throws for settings and states */
  constructor(parts: RunParts) {
    this.#parts = parts;
    const { net, settings, data, log, store, progress, describe, reasonOf, stored, content } = parts;
    const { seed } = settings;
    this.#place = { epochs: settings.epochs };
    if (data.validation !== undefined) this.#validation = new RunValidation(parts, data.validation);
    if (data.unlabelled !== undefined) this.#labels = labelStore(store, data.unlabelled.names);
    this.#session = withSlices(parts, () => this.#makeSession());
    this.#steps = this.#session.begun?.steps ?? log.lines.filter(({ event }) => event === 'step').at(-1)?.step ?? 0;
    this.#keeper = new Keeper({
      store,
      log,
      seed,
      describe,
      reasonOf,
      settings,
      stored,
      content,
      net: net.module,
      tell: (line) => progress.line(line),
      report: () => this.#page(),
      onRestored: async () => {
        await parts.onRestored?.();
        await this.#validation?.samples.restore();
        await this.#labels?.restore();
      },
    });
  }

  /** Trains to the end. @throws whatever ended it; what is good is kept by then */
  async run(signal?: AbortSignal): Promise<RunResult> {
    const { stored, changes, log } = this.#parts;
    this.#signal = signal;
    await this.#validation?.samples.open();
    const damaged = stored?.damaged === undefined ? {} : { damaged: this.#parts.lineOf(stored.damaged.error) };
    const what = { ...(changes.length > 0 ? { changes } : {}), ...damaged };
    log.note(stored === undefined ? 'start' : 'resume', this.#steps, what);
    this.#keeper.mark();
    let end: SessionEnd;
    try {
      end = await this.#session.run(signal);
      await this.#keepEnd(end);
    } catch (error) {
      await this.#failed(error);
      throw error;
    }
    const ending = this.#ending(end.state);
    const text = endText(end, ending);
    this.#stopped = text;
    log.note('end', this.#steps, { why: text });
    await this.#keeper.log();
    await this.#keeper.report();
    return {
      stopped: end.stopped,
      text,
      document: endDocument(end, ending),
      failures: this.#keeper.failures,
      adapter: this.#adapter,
      memory: this.#memory.document,
    };
  }

  #makeSession(): TrainingSession {
    const { task, net, settings, data, initial, stored, log, acceptChangedData = false } = this.#parts;
    const validation = this.#validation;
    return trainingSession({
      net,
      settings,
      train: data.train,
      loss: lossOf(task, settings),
      ...(initial === undefined ? {} : { initial }),
      ...(data.unlabelled === undefined ? {} : { unlabelled: data.unlabelled }),
      ...(this.#labels === undefined ? {} : { labels: this.#labels }),
      open: () => this.#open(),
      ...(validation === undefined ? {} : { validate: (asked) => validation.run(asked, this.#keeper) }),
      ...(stored === undefined ? {} : { resume: { bytes: stored.bytes, file: stored.file, acceptChangedData } }),
      isGivenKnown: log.lines.some(({ event }) => event === 'given'),
      events: this.#events(),
    });
  }

  async #open(): Promise<Context> {
    this.#context = await this.#parts.open();
    this.#adapter = this.#context.adapter.message.replace(/^infnet: /, '');
    return this.#context;
  }

  #events(): SessionEvents {
    const { progress, log } = this.#parts;
    return {
      onMemory: async (memory) => {
        const needed = this.#memory.predicted(memory);
        if (needed === undefined) return;
        progress.line(needed);
        this.#note('memory', { predicted: memory });
        await this.#keeper.log();
      },
      onPrepare: ({ done, total, plan, plans }) => {
        if (this.#signal?.aborted === true) return;
        if (done === 0) progress.phase(`preparing plan ${plan + 1} of ${plans}`, total);
        progress.update(done);
      },
      onStep: (event, place) => this.#onStep(event, place),
      onEpoch: (event, place) => this.#onEpoch(event, place),
      onRebuild: async ({ error, at, from }) => {
        progress.line(`infnet: the device was lost in step ${at.step + 1}; going on from step ${from.step}`);
        await log.rewind(this.#keeper.linesOfState);
        this.#steps -= at.step - from.step;
        this.#note('rebuild', { lostIn: at.step + 1, error: String(error) });
        await this.#keeper.log();
      },
      onGiven: (metrics) => {
        this.#note('given', { metrics });
        progress.line(`the weights as given: ${this.#told(metrics)}`);
      },
      onLabel: (done, total, place) => {
        this.#place = place;
        if (done === 1) progress.phase(`${placeText(place)}: labelling`, total);
        progress.update(done);
      },
      onStage: (place, { images, pseudo }) => {
        this.#place = place;
        this.#begun = false;
        this.#note('stage', { ...placeLine(place), images, pseudoLabelled: pseudo });
        const labelled = pseudo === 0 ? '' : `, ${pseudo} of them with a pseudo label`;
        progress.line(`${placeText(place)}: ${images} slices${labelled}`);
      },
      onStageEnd: async (place, weights) => {
        const origin = { epoch: log.epochs.length, steps: this.#steps };
        if (place.stage === 'labelled') await this.#keeper.weights('supervised', weights, origin);
        if (log.epochs.at(-1)?.isBest === true) await this.#keeper.weights('best', weights, origin);
      },
      onState: (state) => this.#keep(state),
    };
  }

  async #onStep(event: StepEvent, place: Place): Promise<void> {
    const { progress, log, settings } = this.#parts;
    const allocated = this.#memory.allocated(this.#context);
    if (allocated !== undefined) progress.line(allocated);
    this.#steps++;
    this.#place = place;
    if (!this.#begun) {
      const what = place.stage === undefined ? 'training' : placeText(place);
      // This step was not timed: preparing the plan is most of it.
      progress.phase(what, place.epochs * event.batches * settings.scales.length, event.step);
      this.#begun = true;
    }
    const { parts, loss, learningRate, gradientNorm, seconds, scale, speed } = event;
    const epoch = event.epoch + 1;
    const figures = { loss, parts, learningRate, gradientNorm, seconds };
    log.add({ event: 'step', step: this.#steps, epoch, scale, ...figures, ...placeLine(place) });
    await this.#keeper.log();
    const what = Object.entries(parts).map(([name, value]) => `${name} ${value.toFixed(2)}`);
    const which = what.length > 0 ? ` (${what.join(' ')})` : '';
    const pace = `${speed.toFixed(speed < 10 ? 2 : 0)} slices/s`;
    progress.update(event.step, `epoch ${epoch}, loss ${loss.toFixed(3)}${which}, ${pace}`);
  }

  async #onEpoch(event: SessionEpoch, place: Place): Promise<void> {
    const { log, progress } = this.#parts;
    const { epoch, epochs, loss, parts, learningRate, seconds, metrics } = event;
    const isBest = event.isBest ?? isBetter(metrics, log.epochs);
    const figures = { loss, parts, learningRate, seconds, metrics, isBest };
    log.add({ event: 'epoch', step: this.#steps, epoch, ...figures, ...placeLine(place) });
    const where = place.stage === undefined ? '' : `${placeText(place)}, `;
    const found = metrics === undefined ? '' : `, ${this.#told(metrics)}`;
    const times = `${isBest ? ' (best)' : ''}, ${duration(seconds)}`;
    progress.line(`${where}epoch ${epoch} of ${epochs}: loss ${loss.toFixed(4)}${found}${times}`);
    await this.#keeper.log();
    // Of a stage without validations not every epoch has something new to show.
    if (place.stage === undefined || metrics !== undefined || epoch % 5 === 1) await this.#keeper.report();
  }

  /** Best weights go first: once a state says that an epoch was the best, its weights are there. */
  async #keep(kept: SessionState): Promise<void> {
    if (kept.kind === 'propagation') {
      await this.#keeper.text(FILES.propagation, () => `${writeJson(this.#propagation(kept.state), 2)}\n`);
      await this.#keeper.state((...said) => encodePropagationState(kept.state, ...said));
      return;
    }
    const { state } = kept;
    if (state.best !== undefined && state.best.step === state.position.step) this.#best = state;
    if (this.#best !== undefined) {
      const { parameters, position: at } = this.#best;
      if (!(await this.#keeper.weights('best', parameters, { epoch: at.epoch, steps: at.step }))) {
        // The training has this state, and would go on from it.
        this.#keeper.mark();
        return;
      }
      this.#best = undefined;
    }
    await this.#keeper.state((...said) => encodeTrainerState(state, ...said));
  }

  async #keepEnd({ stopped, state, weights }: SessionEnd): Promise<void> {
    if (state.kind === 'trainer') this.#steps = state.state.position.step;
    await this.#keep(state);
    if (stopped === 'aborted' || weights === undefined) return;
    const epoch = state.kind === 'trainer' ? state.state.position.epoch : this.#parts.log.epochs.length;
    await this.#keeper.weights('final', weights, { epoch, steps: this.#steps });
  }

  /** An error ended the training: what is good is kept, and the report says why. */
  async #failed(error: unknown): Promise<void> {
    const state = this.#session.lastState;
    if (state !== undefined) {
      if (state.kind === 'trainer') this.#steps = state.state.position.step;
      await this.#keep(state);
    }
    this.#stopped = `stopped by an error after step ${this.#steps}`;
    const details = isInfnetError(error) ? { details: error.details } : {};
    this.#note('problem', { error: this.#parts.lineOf(error), ...details });
    await this.#keeper.log();
    await this.#keeper.report();
  }

  #note(event: NoteLine['event'], details: Readonly<Record<string, unknown>>): void {
    this.#parts.log.note(event, this.#steps, details);
  }

  #told(figures: Figures): string {
    return figuresText(this.#parts.task.training, figures, 3);
  }

  #page(): string {
    const { task, settings, log, data } = this.#parts;
    const run = {
      task,
      settings,
      lines: log.lines,
      samples: this.#validation?.samples.all ?? [],
      adapter: this.#adapter,
      slices: {
        train: data.train.length,
        validation: data.validation?.length ?? 0,
        ...(data.unlabelled === undefined ? {} : { unlabelled: data.unlabelled.length }),
      },
      ...(this.#stopped === undefined ? {} : { stopped: this.#stopped }),
    };
    const { propagation } = this.#session;
    return propagation === undefined ? trainingReport(run) : semiReport(run, this.#propagation(propagation));
  }

  #propagation(state: PropagationState): ReturnType<typeof propagationDocument> {
    return propagationDocument(state, this.#parts.data.unlabelled?.names ?? []);
  }

  #ending(state: SessionState): Ending {
    const { settings, store, log } = this.#parts;
    return {
      settings,
      store,
      place: this.#place,
      steps: this.#steps,
      epochs: log.epochs.length,
      propagation: state.kind === 'propagation' ? this.#propagation(state.state) : undefined,
    };
  }
}
