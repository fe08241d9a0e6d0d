/** Inspect: how the net looks once it was traced and planned, and where its time goes on this GPU. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { adapter } from '../../app/adapter.js';
import { Choice, NumberField } from '../../app/fields.js';
import { download } from '../../app/files.js';
import { bytes, duration, short, whole } from '../../app/format.js';
import { NetFields, TaskChoice } from '../../app/net-fields.js';
import { announce } from '../../app/notices.js';
import { taskNamed } from '../../app/tasks.js';
import { Button, Facts, Panel, ProgressBar } from '../../app/ui.js';
import type { InspectReport } from '../../worker/inspect-protocol.js';
import { weights } from '../segment/state.js';
import { diagnostics } from './diagnostics.js';
import { Kernels } from './kernels.js';
import { choice, inspected, measure, measured, progress, running, traceNet } from './state.js';
import { type Branch, treeOf } from './tree.js';

export function Inspect(): VNode {
  return (
    <div class="place">
      <div class="side">
        <NetPanel />
        <Adapter />
      </div>
      <div class="stage">
        {progress.value !== undefined && (
          <div class="row">
            <ProgressBar progress={progress.value} />
            <Button onClick={() => running.value?.abort()}>Stop</Button>
          </div>
        )}
        {inspected.value === undefined ? <Nothing /> : <Traced />}
      </div>
    </div>
  );
}

function Nothing(): VNode {
  return (
    <div class="welcome">
      <h2 class="headline">See what runs on your GPU</h2>
      <p>
        Trace a net to see its operators by module, the hand-written WGSL of every kernel with its tile, how much memory
        it takes, and how long each part takes here.
      </p>
      <div class="row">
        <Button kind="primary" disabled={running.value !== undefined} onClick={() => void traceNet()}>
          Trace the net
        </Button>
      </div>
    </div>
  );
}

function NetPanel(): VNode {
  const now = choice.value;
  const set = (change: Partial<typeof now>): void => {
    choice.value = { ...now, ...change };
  };
  const isFree = now.from === 'options';
  const loaded = isFree ? undefined : weights.value;
  const multiple = loaded?.sizeMultiple ?? taskNamed(now.task)?.sizeMultiple ?? 32;
  return (
    <Panel title="Net">
      {weights.value !== undefined && (
        <Choice
          label="Which"
          value={now.from}
          options={[
            ['options', 'As set below'],
            ['weights', `That of ${weights.value.name}`],
          ]}
          onChange={(from) => set({ from })}
        />
      )}
      <TaskChoice value={now} disabled={!isFree} onChange={set} />
      <NetFields value={now} disabled={!isFree} onChange={(options) => set({ options })} />
      <div class="fields">
        <NumberField
          label="Size"
          value={now.size}
          min={multiple}
          max={1024}
          step={multiple}
          onChange={(size) => set({ size })}
        />
        <NumberField label="Batch" value={now.batch} min={1} max={16} onChange={(batch) => set({ batch })} />
      </div>
      <Button kind="primary" disabled={running.value !== undefined} onClick={() => void traceNet()}>
        Trace
      </Button>
    </Panel>
  );
}

function Adapter(): VNode {
  const found = adapter.value;
  const copy = async (): Promise<void> => {
    const text = diagnostics();
    try {
      await navigator.clipboard.writeText(text);
      announce('Diagnostics copied');
    } catch {
      // Without the right to write to the clipboard it becomes a file.
      download('infnet-diagnostics.txt', text, 'text/plain');
    }
  };
  return (
    <Panel title="Adapter" aside={<Button onClick={() => void copy()}>Copy diagnostics</Button>}>
      {found === undefined ? (
        <p class="hint">No adapter was found.</p>
      ) : (
        <>
          <Facts
            rows={[
              ['Name', found.name],
              ['Kind', found.software ? 'software, runs on the processor' : 'graphics processor'],
              ['Timestamps', found.features.includes('timestamp-query') ? 'yes' : 'no'],
              ['Subgroups', found.features.includes('subgroups') ? 'yes' : 'no'],
              ['Half floats', found.features.includes('shader-f16') ? 'yes' : 'no'],
            ]}
          />
          <details>
            <summary>All features and limits</summary>
            <p class="hint">{found.features.join(', ')}</p>
            <Facts rows={Object.entries(found.limits).map(([name, value]) => [name, whole(value)] as const)} />
          </details>
        </>
      )}
      <details>
        <summary>Diagnostics as text</summary>
        <pre class="code" data-testid="diagnostics">
          {diagnostics()}
        </pre>
      </details>
    </Panel>
  );
}

/** Whether what is traced is what is chosen now. */
function isAsTraced({ net }: InspectReport): boolean {
  const now = choice.value;
  if (net.size !== now.size || net.batch !== now.batch) return false;
  const loaded = weights.value;
  if (now.from === 'weights' && loaded !== undefined) return net.weightsSha256 === loaded.sha256;
  const isSame = net.task === now.task && JSON.stringify(net.options) === JSON.stringify(now.options);
  return isSame && net.weightsSha256 === undefined;
}

function Traced(): VNode | null {
  const report = inspected.value;
  const times = measured.value;
  if (report === undefined) return null;
  const flops = report.dispatches.reduce((sum, one) => sum + one.flops, 0);
  const gpu = times?.seconds?.reduce((sum, one) => sum + one, 0);
  return (
    <>
      <Panel
        title={`${report.net.title}, ${report.net.batch} × ${report.net.size} px`}
        aside={
          <div class="row">
            {times?.trace !== undefined && (
              <Button onClick={() => download('infnet-trace.json', times.trace ?? '', 'application/json')}>
                Trace for Perfetto
              </Button>
            )}
            <Button kind="primary" disabled={running.value !== undefined} onClick={() => void measure()}>
              Measure
            </Button>
          </div>
        }
      >
        {!isAsTraced(report) && (
          <p class="stale-note">
            This is how it was traced{report.net.weights === undefined ? '' : ` with ${report.net.weights}`}. What is
            set now is another net: trace it to see it.
          </p>
        )}
        <Facts
          rows={[
            ...(report.net.weights === undefined ? [] : [['Weights', report.net.weights] as const]),
            ['Parameters', whole(report.parameters)],
            ['Operators traced', whole(report.nodes.length)],
            ['Dispatches per run', whole(report.dispatches.length)],
            ['Work per run', `${short(flops)}FLOP`],
            ['Memory on the device', bytes(report.memory['total'] ?? 0)],
            [
              'of it for maps',
              `${bytes(report.memory['activations'] ?? 0)}, without reuse ${bytes(report.memory['activationsWithoutReuse'] ?? 0)}`,
            ],
            ...(times === undefined
              ? []
              : [
                  ['Time of a run', `${duration(times.wall)}, ${short(flops / times.wall)}FLOP/s`] as const,
                  ...(gpu === undefined
                    ? [['On the GPU', 'this adapter has no timestamp queries'] as const]
                    : [['On the GPU', duration(gpu)] as const]),
                ]),
          ]}
        />
      </Panel>
      <Kernels report={report} seconds={times?.seconds} />
      <Panel title="Modules">
        <div class="tree">
          <Module branch={treeOf(report, times?.seconds)} open />
        </div>
      </Panel>
    </>
  );
}

function Module({ branch, open = false }: { branch: Branch; open?: boolean }): VNode {
  const [isOpen, setOpen] = useState(open);
  const { name, operators, flops, seconds, children, nodes } = branch;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span>{name}</span>
        <span class="hint">
          {operators} {operators === 1 ? 'operator' : 'operators'}
          {flops > 0 ? ` · ${short(flops)}FLOP` : ''}
          {seconds > 0 ? ` · ${duration(seconds)}` : ''}
        </span>
      </summary>
      {isOpen && (
        <>
          {nodes.map((node, i) => (
            <div class="node" key={i}>
              <span>{node.operator}</span>
              <span class="hint">{node.attributes}</span>
              <span class="hint">
                {node.inputs.join(', ')} to {node.outputs.join(', ')}
              </span>
            </div>
          ))}
          {[...children.values()].map((child) => (
            <Module key={child.path} branch={child} />
          ))}
        </>
      )}
    </details>
  );
}
