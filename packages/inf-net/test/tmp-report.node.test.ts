import { open, ParameterStore, preparePlan, type Tensor, trace } from '@infnet/core';
import { image, loadGolden } from '@infnet/testing';
import { it } from 'vitest';
import { InfNet, UNet } from '../src/index.js';
import { GoldenNet } from './run-golden.js';
import { type NetSidecar, OUTPUTS, recipeState } from './support.js';

it('report', async () => {
  using context = await open();
  const nets = [
    ['nets/inf_net_res2net_1x3x64x64', () => new InfNet(), OUTPUTS],
    ['nets/inf_net_res2net_2x3x96x96', () => new InfNet(), OUTPUTS],
    ['nets/inf_net_resnet50_1x3x96x96', () => new InfNet({ backbone: 'resnet50' }), OUTPUTS],
    ['nets/inf_net_vgg16_1x3x96x96', () => new InfNet({ backbone: 'vgg16' }), OUTPUTS],
    ['nets/inf_net_unet_1x6x96x96', () => new UNet(), { logits: 'output' }],
    ['nets/inf_net_unet_1x6x88x104', () => new UNet(), { logits: 'output' }],
    ['nets/inf_net_res2net_1x3x352x352', () => new InfNet(), OUTPUTS],
  ] as const;
  const lines: string[] = [];
  for (const [path, make, outputs] of nets) {
    using net = new GoldenNet(make as never, outputs);
    const { differences, plan } = await net.run(context, await loadGolden<NetSidecar>(path));
    lines.push(
      `${path} dispatches ${plan.schedule.dispatches.length} + ${plan.schedule.constantDispatches.length} activations ${(plan.memory.activations / 2 ** 20).toFixed(1)} MiB total ${(plan.memory.total / 2 ** 20).toFixed(1)} MiB: ${Object.entries(
        differences,
      )
        .map(([k, d]) => `${k} ${d.relL2.toExponential(1)}/${(d.maxAbs / d.refMax).toExponential(1)}`)
        .join(', ')}`,
    );
  }
  console.log(lines.join('\n'), context.pipelines.size);
  const net = new InfNet();
  const graph = trace(({ x }: { readonly x: Tensor }) => net.call(x), { x: [1, 3, 352, 352] });
  using parameters = new ParameterStore(context, net);
  parameters.load(recipeState(net, 0.72));
  const x = image('input', [1, 3, 352, 352]);
  for (const precision of ['exact', 'fast'] as const) {
    using plan = await preparePlan(context, graph, { parameters, precision });
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const t = performance.now();
      const c = process.cpuUsage();
      await plan.run({ x });
      const d = process.cpuUsage(c);
      times.push(performance.now() - t, (d.user + d.system) / 2000);
    }
    console.log(precision, 'wall, cpu/2:', times.map((t) => t.toFixed(0)).join(' '), plan.submitCount, plan.memory);
    console.log((await plan.profile({ x })).table('kernel'));
  }
}, 600_000);
