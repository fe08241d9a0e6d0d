/** The command line at small sizes: what it is asked, and fingerprints of what it wrote and said. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintsOf, hashOf, withoutTimes } from './fingerprints.mjs';
import { volumeFile } from './volume.mjs';

const SMALL = '--size 64 --width 0.25 --channels 8 --batch 2 --lr 1e-3 --samples 1 --validate 4';
const CLASSES = '--multi-class --size 48 --width 0.125 --batch 2 --samples 1 --validate 4';
const BEST = 'train/checkpoints/final.safetensors';
const UNET = 'train-classes/checkpoints/final.safetensors';

/** By the folder, or file, that each one writes. */
const COMMANDS = {
  set: 'phantom --out set --layout dataset --count 5 --seed 20',
  pool: 'phantom --out pool --layout unlabelled --count 4 --seed 90',
  classes: 'phantom --out classes --layout dataset --kind multi-class --count 5 --seed 20',
  // Twenty steps: two in each epoch.
  train: `train --out train --data set ${SMALL} --epochs 10 --validate-every 5`,
  'train-sgd': `train --out train-sgd --data set ${SMALL} --backbone vgg16 --epochs 2 --optimizer sgd --clip-norm 1
    --weight-decay 1e-4 --schedule cosine --loss paper --augment mild --snapshot-every 1`,
  'train-scales': `train --out train-scales --data set ${SMALL} --backbone resnet50 --epochs 1 --scales 0.5,1
    --accumulate 2 --recompute --loss dice --precision exact`,
  'train-semi': `train --out train-semi --data set --semi --unlabelled pool ${SMALL} --epochs 2 --group 2
    --round-epochs 1 --max-rounds 2 --pseudo-epochs 1 --finetune-epochs 1`,
  'train-teacher': `train --out train-teacher --data set --semi --unlabelled pool ${SMALL} --epochs 1 --teacher-epochs 2
    --strategy mean-teacher --pseudo-epochs 0 --finetune-epochs 0`,
  'train-classes': `train --out train-classes --data classes ${CLASSES} --epochs 5`,
  'train-classes-released': `train --out train-classes-released --data classes ${CLASSES} --epochs 1
    --loss as-released`,
  'train-volumes': `train --out train-volumes --data volumes ${SMALL.replace('--validate 4', '--validate none')}
    --epochs 1 --empty-masks drop`,
  'segment-slices': `segment set/Imgs --weights ${BEST} --out segment-slices --size 64 --format npy --batch 2 --no-time`,
  'segment-exact': `segment set/Imgs --weights ${BEST} --out segment-exact --size 64 --precision exact --stretch --no-time`,
  'segment-half': `segment set/Imgs --weights ${BEST} --out segment-half --size 64 --precision half --format npy --no-time`,
  'segment-volume': `segment volumes/Imgs --weights ${BEST} --out segment-volume --size 64 --batch 4 --no-time`,
  'segment-classes': `segment classes/Imgs --multi-class --weights ${UNET} --priors classes/Prior --size 48
    --out segment-classes --format npy --no-time`,
  'segment-priors': `segment classes/Imgs --multi-class --weights ${UNET} --prior-weights ${BEST} --prior-size 64 --size 48
    --out segment-priors --class-format grey --no-time`,
  'evaluate-files': `evaluate --pred segment-slices --gt set/GT --images set/Imgs --surface --bootstrap 100
    --out evaluate-files`,
  'evaluate-net': `evaluate --weights ${BEST} --data set --size 64 --conventions as-released --bootstrap 100
    --out evaluate-net`,
  'evaluate-volumes': `evaluate --pred segment-volume --gt volumes/GT --bootstrap 100 --out evaluate-volumes`,
  'evaluate-classes': `evaluate --multi-class --weights ${UNET} --data classes --size 48 --out evaluate-classes`,
  'evaluate-class-files': `evaluate --multi-class --pred segment-classes --gt classes/GT --out evaluate-class-files`,
  'pseudo-label': `pseudo-label --data pool --weights ${BEST} --size 64 --out pseudo-label`,
  'pseudo-label-volume': `pseudo-label --data volumes/Imgs --weights ${BEST} --size 64 --labels probability --no-images
    --out pseudo-label-volume`,
  'export/all.onnx': `export --weights ${BEST} --size 64 --outputs all --out export/all.onnx`,
  'export/open.onnx': `export --weights ${BEST} --size 64 --open-batch --out export/open.onnx`,
};

/** [name, SHA-256] of all files, documents and exit codes. */
export function runCommands(checkout, folder, env) {
  for (const name of ['volumes/Imgs', 'volumes/GT', 'export']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'volumes/Imgs/chest.nii.gz'), volumeFile('image'));
  writeFileSync(join(folder, 'volumes/GT/chest.nii.gz'), volumeFile('mask'));
  const said = Object.entries(COMMANDS).map(([name, line]) => {
    const argv = [join(checkout, 'packages/cli/bin/infnet.js'), ...line.trim().split(/\s+/), '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
      cwd: folder,
      env,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    // A command that fails alike in both would compare nothing.
    if (status !== 0) throw new Error(`${checkout}: infnet ${line} ended with ${status}: ${stderr}`);
    return [`${name.replace('/', ' ')} document`, hashOf(JSON.stringify(withoutTimes(JSON.parse(stdout))))];
  });
  const written = [...new Set(Object.keys(COMMANDS).map((name) => name.split('/')[0]))];
  return [...said, ...written.flatMap((name) => fingerprintsOf(join(folder, name), name))];
}
