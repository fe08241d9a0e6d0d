/** Which weights segment, and at which size. */

import { printable } from '@infnet/core';
import { shortHash } from '@infnet/data';
import type { VNode } from 'preact';
import { builtinWeights } from '../../app/builtin.js';
import { DropZone } from '../../app/drop-zone.js';
import { NumberField } from '../../app/fields.js';
import { nameText } from '../../app/format.js';
import { Panel } from '../../app/ui.js';
import { loadWeightsFile, size, weights } from './state.js';

export function WeightsPanel(): VNode {
  const loaded = weights.value;
  const multiple = loaded?.sizeMultiple ?? 32;
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
          {nameText(loaded.name)}
          <span class="hint">
            {nameText(loaded.net)}
            {loaded.trainedOn !== undefined && `. Trained on ${printable(loaded.trainedOn)}`}. SHA-256{' '}
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
        min={multiple}
        max={1024}
        step={multiple}
        hint={`${multiple > 1 ? `A multiple of ${multiple}. ` : ''}${loaded?.size === undefined ? 'The reference uses 352.' : `These weights were trained at ${loaded.size}.`}`}
        onChange={(value) => {
          size.value = value;
        }}
      />
    </Panel>
  );
}
