/** The demo's page: supervised against semi-supervised on held-out phantoms, in figures and pictures. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage, encodePng, overlay } from '@infnet/data';
import { renderReport } from '@infnet/report';
import { writeText } from './tools.mjs';

const TRUTH = { colour: [40, 190, 120], outlineColour: [150, 255, 190] };
const SCORES = [
  ['dice', 'Dice'],
  ['meanDice', 'mean Dice'],
  ['meanSensitivity', 'mean sensitivity'],
  ['meanSpecificity', 'mean specificity'],
  ['sMeasure', 'S-measure'],
  ['meanEMeasure', 'mean E-measure'],
  ['mae', 'MAE'],
];

/** @returns the page's path */
export async function writeDemoReport({ out, plan, stages, training, evaluated, names, times, total, peakBytes }) {
  const rowOf = (title, scores) => [title, ...SCORES.map(([key]) => scores[key].toFixed(4))];
  const picture = async (...path) => decodeImage(new Uint8Array(readFileSync(join(...path))));
  const rows = await Promise.all(
    names.map(async (name) => {
      const slice = await picture(out, 'labelled', 'Imgs', `${name}.png`);
      const mask = await picture(out, 'labelled', 'GT', `${name}.png`);
      const drawn = new Uint8Array(readFileSync(join(out, 'segmented', `${name}.overlay.png`)));
      return {
        label: name,
        pictures: [
          { png: encodePng(slice), alt: `phantom ${name}` },
          { png: encodePng(overlay(slice, mask, TRUTH)), alt: `phantom ${name} with what is infected` },
          { png: drawn, alt: `phantom ${name}, semi-supervised prediction` },
        ],
      };
    }),
  );
  const html = renderReport({
    title: 'Inf-Net on phantoms',
    subtitle: `few labels, many slices: made by npm run demo in ${Math.round(total)} s`,
    sections: [
      {
        title: 'Supervised against semi-supervised',
        note: `Both nets on the same ${plan.heldOut} phantoms that neither was trained on, at their own size.`,
        blocks: [
          {
            kind: 'table',
            columns: [{ title: 'trained on' }, ...SCORES.map(([, title]) => ({ title, align: 'right' }))],
            rows: [
              rowOf(`${plan.labelled} labelled phantoms`, evaluated.supervised),
              rowOf(`the same, and ${plan.unlabelled} unlabelled ones`, evaluated.final),
            ],
          },
          {
            kind: 'text',
            text: 'run/report.html has the curves, rounds and overlays by stage; evaluated-supervised/report.html and evaluated-final/report.html have every phantom, the worst and the best.',
          },
        ],
      },
      {
        title: 'Segmented',
        note: 'Green: what is infected. Orange: what the net says.',
        blocks: [{ kind: 'pictures', columns: ['phantom', 'truth', 'semi-supervised'], rows, width: 200 }],
      },
      {
        title: 'What was done',
        blocks: [
          {
            kind: 'facts',
            rows: [
              ['Adapter', training.adapter.split(' - ')[0]],
              ['Net', `Inf-Net, Res2Net-50, width ${plan.width}, ${plan.size} x ${plan.size}`],
              [
                'Training',
                `${stages.epochs} epochs supervised, ${training.semi.rounds.length} rounds, ${stages.finetuneEpochs} epochs of fine-tuning`,
              ],
              ['Time', `${Math.round(total)} s in all`],
              ['Memory', `${Math.round(peakBytes / 1e6)} MB in the largest process`],
            ],
          },
          {
            kind: 'table',
            title: 'Time of each part',
            columns: [{ title: 'part' }, { title: 'seconds', align: 'right' }],
            rows: times.map(([title, seconds]) => [title, seconds.toFixed(1)]),
          },
        ],
      },
    ],
    data: { plan, stages, evaluated: { supervised: pick(evaluated.supervised), final: pick(evaluated.final) } },
    footer: 'Phantoms are not patients. Research software, not a diagnostic device.',
  });
  const page = join(out, 'demo.html');
  await writeText(page, html);
  return page;
}

function pick(scores) {
  return Object.fromEntries(SCORES.map(([key]) => [key, scores[key]]));
}
