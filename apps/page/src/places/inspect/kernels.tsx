/** Every kernel that runs, with what it was compiled for, its time and its text. */
import type { VNode } from 'preact';
import { duration, short } from '../../app/format.js';
import { Head, Panel, TableBox } from '../../app/ui.js';
import type { DispatchReport, InspectReport } from '../../worker/inspect-protocol.js';
import { showSource, source, variantOf } from './state.js';

interface Row {
  readonly variant: string;
  readonly first: DispatchReport;
  readonly dispatches: DispatchReport[];
  flops: number;
  seconds: number;
}

export function Kernels({ report, seconds }: { report: InspectReport; seconds: readonly number[] | undefined }): VNode {
  const rows = new Map<string, Row>();
  for (const dispatch of report.dispatches) {
    const variant = variantOf(dispatch);
    const row = rows.get(variant) ?? { variant, first: dispatch, dispatches: [], flops: 0, seconds: 0 };
    row.dispatches.push(dispatch);
    row.flops += dispatch.flops;
    row.seconds += seconds?.[dispatch.index] ?? 0;
    rows.set(variant, row);
  }
  const all = [...rows.values()].sort((a, b) => b.seconds - a.seconds || b.flops - a.flops);
  const most = Math.max(...all.map((row) => (seconds === undefined ? row.flops : row.seconds)), 1e-12);
  return (
    <Panel title="Kernels">
      <p class="hint">
        {all.length} programs in {report.dispatches.length} dispatches. Choose one to read its WGSL.
      </p>
      <TableBox label="Kernels">
        <Head
          columns={[
            ['Kernel'],
            ['Workgroup'],
            ['Calls', 'number'],
            ['FLOP', 'number'],
            ...(seconds === undefined
              ? []
              : ([
                  ['Time', 'number'],
                  ['FLOP/s', 'number'],
                ] as const)),
            [`Share of the ${seconds === undefined ? 'work' : 'time'}`],
          ]}
        />
        <tbody>
          {all.map((row) => (
            <KernelRow key={row.variant} row={row} most={most} isTimed={seconds !== undefined} />
          ))}
        </tbody>
      </TableBox>
    </Panel>
  );
}

function KernelRow({ row, most, isTimed }: { row: Row; most: number; isTimed: boolean }): VNode {
  const { variant, first, dispatches, flops, seconds } = row;
  const isShown = source.value?.variant === variant;
  const share = (isTimed ? seconds : flops) / most;
  const constants = Object.entries(first.constants).map(([name, value]) => `${name} ${value}`);
  return (
    <>
      <tr class={isShown ? 'chosen' : ''}>
        <td>
          <button type="button" class="link" aria-expanded={isShown} onClick={() => void showSource(first)}>
            {first.kernel}
          </button>
          <div class="hint">{constants.join(', ')}</div>
        </td>
        <td>{first.workgroupSize.join(' × ')}</td>
        <td class="number">{dispatches.length}</td>
        <td class="number">{flops > 0 ? short(flops) : ''}</td>
        {isTimed && (
          <>
            <td class="number">{duration(seconds)}</td>
            <td class="number">{seconds > 0 && flops > 0 ? short(flops / seconds) : ''}</td>
          </>
        )}
        <td>
          <span class="bar" style={{ width: `${(100 * share).toFixed(1)}%` }} />
        </td>
      </tr>
      {isShown && (
        <tr>
          <td colSpan={isTimed ? 7 : 5}>
            <p class="hint">
              {dispatches
                .slice(0, 6)
                .map(({ scope, workgroups }) => `${scope || 'net'} (${workgroups.join(' × ')} workgroups)`)
                .join(' · ')}
              {dispatches.length > 6 ? ` · and ${dispatches.length - 6} more` : ''}
            </p>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable from the keyboard. */}
            <pre class="code" tabIndex={0}>
              <code>{source.value?.code}</code>
            </pre>
          </td>
        </tr>
      )}
    </>
  );
}
