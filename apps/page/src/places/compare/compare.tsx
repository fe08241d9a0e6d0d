/** Compare: this project beside two others, on the visitor's GPU. */
import { batch, type Signal, signal } from '@preact/signals';
import type { VNode } from 'preact';
import { adapter } from '../../app/adapter.js';
import { Busy } from '../../app/busy.js';
import { download } from '../../app/files.js';
import { announce } from '../../app/notices.js';
import { Button, Head, Panel, ProgressBar, TableBox } from '../../app/ui.js';
import { labWorker } from '../../app/workers.js';
import type { CompareResult, CompareRow } from '../../worker/compare-protocol.js';

const RUNS = 15;

const rows: Signal<readonly CompareRow[]> = signal([]);
const result: Signal<CompareResult | undefined> = signal(undefined);
const { progress, running, onEvent, run: runAlone } = new Busy();

function run(): Promise<void> {
  return runAlone(async (signal) => {
    batch(() => {
      rows.value = [];
      result.value = undefined;
    });
    result.value = await labWorker().ask(
      'compare',
      { runs: RUNS },
      {
        signal,
        onEvent: (event) => {
          if ('row' in event) rows.value = [...rows.value, event.row];
          else onEvent(event.progress);
        },
      },
    );
    announce('The comparison is finished');
  });
}

export function Compare(): VNode {
  const isRunning = running.value !== undefined;
  return (
    <div class="stage">
      <Panel
        title="Compare"
        aside={
          <div class="row">
            {result.value !== undefined && (
              <Button
                onClick={() =>
                  download('infnet-compare.json', JSON.stringify(result.value, undefined, 2), 'application/json')
                }
              >
                Save as JSON
              </Button>
            )}
            {isRunning ? (
              <Button onClick={() => running.value?.abort()}>Stop</Button>
            ) : (
              <Button kind="primary" onClick={() => void run()}>
                Run
              </Button>
            )}
          </div>
        }
      >
        <p>
          Convolutions as Inf-Net has them, computed by infnet, TensorFlow.js (WebGPU backend) and ONNX Runtime Web
          (WebGPU), each from numbers in JavaScript to a result in JavaScript. They take turns, up to {RUNS} times, and
          the median counts. Results are compared before anything is timed.
        </p>
        <p class="hint">
          {adapter.value?.software
            ? 'This browser has a software adapter: the figures say little about a graphics processor.'
            : 'Other programs and tabs on the same graphics processor disturb the figures.'}
        </p>
        {progress.value !== undefined && <ProgressBar progress={progress.value} />}
      </Panel>
      {rows.value.length > 0 && <Table />}
    </div>
  );
}

const COLUMNS = [
  ['Library'],
  ['Median', 'number'],
  [<span class="visually-hidden">Median as a bar</span>, 'bars'],
  ['Range, ms', 'number'],
  ['GFLOP/s', 'number'],
  ['Difference', 'number'],
] as const;

function Table(): VNode {
  const names = [...new Set(rows.value.map(({ name }) => name))];
  const isPart = result.value === undefined && running.value === undefined;
  return (
    <Panel title={isPart ? 'Result, stopped before its end' : 'Result'}>
      <TableBox label="Result">
        <Head columns={COLUMNS} />
        {names.map((name) => (
          <tbody key={name}>
            <tr>
              <th scope="rowgroup" colSpan={6}>
                {name}
              </th>
            </tr>
            {rowsOf(name)}
          </tbody>
        ))}
      </TableBox>
    </Panel>
  );
}

function rowsOf(name: string): VNode[] {
  const group = rows.value.filter((row) => row.name === name);
  const slowest = Math.max(...group.map(({ milliseconds }) => milliseconds?.[0] ?? 0), 1e-9);
  return group.map(({ library, milliseconds, gflop, cannot, difference }) => (
    <tr key={library}>
      <td>{library}</td>
      {milliseconds === undefined ? (
        <td colSpan={5} class="hint">
          cannot: {cannot ?? 'no figure'}
        </td>
      ) : (
        <>
          <td class="number">{figure(milliseconds[0])} ms</td>
          <td class="bars">
            <span
              class={`bar${library === 'infnet' ? '' : ' other'}`}
              style={{ width: `${(100 * milliseconds[0]) / slowest}%` }}
            />
          </td>
          <td class="number">
            {figure(milliseconds[1])} to {figure(milliseconds[2])}
          </td>
          <td class="number">{figure(gflop / (milliseconds[0] / 1000))}</td>
          <td class="number">
            {library === 'infnet' || difference === undefined
              ? ''
              : difference === 0
                ? '0'
                : difference.toExponential(1)}
          </td>
        </>
      )}
    </tr>
  ));
}

/** Three digits that count. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
