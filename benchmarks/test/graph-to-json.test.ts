import { conv2d } from '@infnet/conv';
import { Parameter, type Tensor, trace } from '@infnet/core';
import { relu } from '@infnet/nn';
import { describe, expect, it } from 'vitest';
import { graphToJson } from '../src/peers/torch/graph-to-json.js';
import { finish } from '../src/peers/workloads.js';

describe('a trace as JSON', () => {
  it('has numbered tensors, every node with its attributes, and all values in one block', () => {
    const weight = new Parameter([2, 1, 3, 3], { init: { kind: 'uniformFanIn' } });
    weight.name = 'stem.weight';
    const bias = new Parameter([2], { init: { kind: 'constant', value: 0.5 } });
    bias.name = 'stem.bias';
    const graph = trace(({ x }: { readonly x: Tensor }) => relu(conv2d(x, weight, bias, { padding: 1, stride: 2 })), {
      x: [1, 1, 4, 5],
    });
    const traced = finish(graph, [weight, bias], ['output']);
    const { json, values } = graphToJson(traced);
    const [conv, activation] = json.nodes;
    expect(conv).toMatchObject({
      operator: 'conv2d',
      attributes: { stride: [2, 2], padding: [1, 1, 1, 1], groups: 1 },
    });
    expect(activation?.inputs).toEqual(conv?.outputs);
    expect(json.outputs).toEqual([{ name: 'output', tensor: activation?.outputs[0] }]);
    const [x] = json.inputs;
    const [w, b] = json.parameters;
    expect(conv?.inputs).toEqual([x?.tensor, w?.tensor, b?.tensor]);
    expect([x?.offset, w?.offset, b?.offset, values.length]).toEqual([0, 20, 38, 40]);
    expect(values.slice(0, 20)).toEqual(traced.inputs['x']);
    expect([...values.slice(38)]).toEqual([0.5, 0.5]);
    expect(json.parameters.map(({ name, trained }) => [name, trained])).toEqual([
      ['stem.weight', true],
      ['stem.bias', true],
    ]);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });
});
