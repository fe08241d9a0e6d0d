/** The file that the export writes: its form, names, constants, errors. */
import { describe, expect, it } from 'vitest';
import { exportOnnx, type OnnxTranslation, type OnnxTranslations } from '../src/index.js';
import { readOnnx } from './support/read-onnx.js';
import { SmallGraph, standard, tensor } from './support/small-graph.js';

const CONV = { stride: [1, 1], padding: [1, 0, 1, 2], dilation: [1, 1], groups: 1 };

/** y = relu(conv(x) + conv(x)), with a node that no output needs. */
function smallNet(): SmallGraph {
  const graph = new SmallGraph();
  const x = graph.input('image', 2, 3, 5, 4);
  const w = graph.parameter('stem.weight', 6, 3, 3, 3);
  graph.parameter('never.read', 7);
  const y = graph.apply('conv2d', [x, w], CONV, [tensor(2, 6, 5, 4)], 'stem')[0] as ReturnType<typeof tensor>;
  graph.apply('sigmoid', [y], {}, [tensor(2, 6, 5, 4)], 'unread');
  const [sum] = graph.apply('add', [y, y], {}, [tensor(2, 6, 5, 4)], 'block');
  const [found] = graph.apply('relu', [sum as typeof y], {}, [tensor(2, 6, 5, 4)], 'block');
  return graph.output('logits', found as typeof y);
}

describe('the file', () => {
  it('has versions, inputs, outputs, weights and nodes, and reads back as it was written', () => {
    const graph = smallNet();
    const model = readOnnx(exportOnnx(graph, graph.values, { name: 'small', metadata: { weights: 'w.pth', ü: '–' } }));
    expect(model).toMatchObject({ irVersion: 8, opset: 18, producer: 'infnet', name: 'small' });
    expect(model.metadata).toEqual({ weights: 'w.pth', ü: '–' });
    expect(model.inputs).toEqual([{ name: 'image', type: 1, shape: [2, 3, 5, 4] }]);
    expect(model.outputs).toEqual([{ name: 'logits', type: 1, shape: [2, 6, 5, 4] }]);
    expect([...model.constants.keys()]).toEqual(['stem.weight']);
    const weight = model.constants.get('stem.weight');
    expect(weight).toMatchObject({ type: 1, shape: [6, 3, 3, 3] });
    expect(weight?.values).toEqual(Array.from({ length: 162 }, (_, i) => i));
    expect(model.nodes).toEqual([
      {
        name: 'stem/Conv',
        type: 'Conv',
        inputs: ['image', 'stem.weight'],
        outputs: ['stem/Conv_output'],
        attributes: { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 0, 1, 2], dilations: [1, 1], group: 1 },
      },
      {
        name: 'block/Add',
        type: 'Add',
        inputs: ['stem/Conv_output', 'stem/Conv_output'],
        outputs: ['block/Add_output'],
        attributes: {},
      },
      { name: 'block/Relu', type: 'Relu', inputs: ['block/Add_output'], outputs: ['logits'], attributes: {} },
    ]);
  });

  it('is the same for the same graph, and takes plain arrays as values', () => {
    const graph = smallNet();
    const listed = new Map([...graph.values].map(([key, { shape, data }]) => [key, { shape, data: Array.from(data) }]));
    expect(exportOnnx(graph, listed)).toEqual(exportOnnx(graph, graph.values));
  });

  it('numbers nodes of one module and one operator', () => {
    const graph = new SmallGraph();
    let x = graph.input('x', 1, 2);
    for (let i = 0; i < 3; i++) [x = x] = graph.apply('relu', [x], {}, [tensor(1, 2)], 'block');
    const { nodes } = readOnnx(exportOnnx(graph.output('y', x), graph.values));
    expect(nodes.map(({ name }) => name)).toEqual(['block/Relu', 'block/Relu_1', 'block/Relu_2']);
    expect(nodes[2]?.inputs).toEqual(nodes[1]?.outputs);
  });

  it('passes on what two outputs share, and an input that is an output', () => {
    const graph = new SmallGraph();
    const x = graph.input('x', 1, 2);
    const [y] = graph.apply('relu', [x], {}, [tensor(1, 2)]);
    graph
      .output('a', y as typeof x)
      .output('b', y as typeof x)
      .output('c', x);
    const { nodes } = readOnnx(exportOnnx(graph, graph.values));
    expect(nodes.map(({ type, inputs, outputs }) => [type, ...inputs, ...outputs])).toEqual([
      ['Relu', 'x', 'a'],
      ['Identity', 'a', 'b'],
      ['Identity', 'x', 'c'],
    ]);
  });

  it('leaves the batch open where it is asked to', () => {
    const graph = smallNet();
    const { inputs, outputs } = readOnnx(exportOnnx(graph, graph.values, { dynamicBatch: true }));
    expect(inputs[0]?.shape).toEqual(['batch', 3, 5, 4]);
    expect(outputs[0]?.shape).toEqual(['batch', 6, 5, 4]);
  });
});

describe('what cannot be exported', () => {
  it('names the operator and its module', () => {
    const graph = new SmallGraph();
    const x = graph.input('x', 1, 2);
    const [y] = graph.apply('wavelet', [x], {}, [tensor(1, 2)], 'stem.0');
    graph.output('y', y as typeof x);
    const attempt = (): unknown => exportOnnx(graph, graph.values);
    expect(attempt).toThrow(expect.objectContaining({ code: 'CHECKPOINT_ONNX_OPERATOR', where: 'stem.0' }));
    expect(attempt).toThrow('The operator wavelet cannot be written as ONNX: there is no translation for it.');
    const own = readOnnx(
      exportOnnx(graph, graph.values, { operators: { wavelet: (emit) => [emit.one('Tanh', [emit.input(0)])] } }),
    );
    expect(own.nodes).toMatchObject([{ name: 'stem.0/Tanh', type: 'Tanh', inputs: ['x'], outputs: ['y'] }]);
  });

  it("is somebody else's operator with a name of infnet's", () => {
    const own = { name: 'relu' };
    const both = (): SmallGraph => {
      const graph = new SmallGraph();
      const x = graph.input('x', 1, 2);
      const [a] = graph.apply('relu', [x], {}, [tensor(1, 2)]);
      const [b] = graph.apply(own, [a as typeof x], {}, [tensor(1, 2)], 'head');
      return graph.output('y', b as typeof x);
    };
    const clip: OnnxTranslation = (emit) => [emit.one('Clip', [emit.input(0), emit.scalar(0), emit.scalar(1)])];
    const attempt = (operators?: OnnxTranslations) => () =>
      readOnnx(exportOnnx(both(), new Map(), { ...(operators && { operators }) })).nodes.map(({ type }) => type);
    expect(attempt()).toThrow(expect.objectContaining({ code: 'CHECKPOINT_ONNX_OPERATOR', where: 'head' }));
    expect(attempt()).toThrow("it is not infnet's operator of that name");
    expect(attempt({ relu: clip })).toThrow('two operators of that name');
    expect(attempt(new Map([[own, clip]]))()).toEqual(['Relu', 'Clip']);
    // A copy of infnet's, its mark included, is another operator.
    const copy = Object.defineProperties({ name: '' }, Object.getOwnPropertyDescriptors(standard('relu')));
    const graph = new SmallGraph();
    const x = graph.input('x', 1, 2);
    graph.output('y', graph.apply(copy, [x], {}, [tensor(1, 2)])[0] as typeof x);
    expect(() => exportOnnx(graph, new Map())).toThrow("it is not infnet's operator of that name");
    expect(readOnnx(exportOnnx(graph, new Map(), { operators: { relu: clip } })).nodes).toHaveLength(1);
  });

  it('is a net in training mode', () => {
    const graph = new SmallGraph();
    const x = graph.input('x', 2, 3, 4, 4);
    const statistics = ['w', 'b', 'm', 'v'].map((name) => graph.parameter(`bn.${name}`, 3));
    const attributes = { eps: 1e-5, momentum: 0.1, training: true };
    const [y] = graph.apply('batchNorm2d', [x, ...statistics], attributes, [tensor(2, 3, 4, 4)], 'bn');
    graph.output('y', y as typeof x);
    expect(() => exportOnnx(graph, graph.values)).toThrow(/training mode.*\n.*eval\(\)/s);
  });

  it('are values that are missing or of another shape, all in one message', () => {
    const graph = smallNet();
    const wrong = new Map([['stem.weight', { shape: [6, 3, 3], data: new Float32Array(54) }]]);
    expect(() => exportOnnx(graph, new Map())).toThrow('stem.weight: missing');
    expect(() => exportOnnx(graph, wrong)).toThrow('stem.weight: [6,3,3,3] needed, [6,3,3] given');
    expect(() => exportOnnx(graph, wrong)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_KEYS' }));
  });

  it('are an input and an output of one name', () => {
    const graph = new SmallGraph();
    const x = graph.input('x', 1, 2);
    graph.output('x', x);
    expect(() => exportOnnx(graph, graph.values)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_ONNX' }));
  });

  /** The shapes of the outputs, or why the batch cannot be open. */
  const opened = (
    inputs: readonly (readonly number[])[],
    parameters: readonly (readonly number[])[],
    operator: string,
    attributes: Readonly<Record<string, unknown>>,
    ...outputs: readonly (readonly number[])[]
  ): unknown => {
    const graph = new SmallGraph();
    const given = inputs.map((shape, i) => graph.input(`x${i}`, ...shape));
    const fixed = parameters.map((shape, i) => graph.parameter(`p${i}`, ...shape));
    const made = graph.apply(
      operator,
      [...given, ...fixed],
      attributes,
      outputs.map((shape) => tensor(...shape)),
      'here',
    );
    for (const [i, output] of made.entries()) graph.output(`y${i}`, output);
    readOnnx(exportOnnx(graph, graph.values));
    return readOnnx(exportOnnx(graph, graph.values, { dynamicBatch: true })).outputs.map(({ shape }) => shape);
  };

  it.each<[string, () => unknown, unknown]>([
    ['a bias of lower rank', () => opened([[2, 3]], [[3]], 'add', {}, [2, 3]), [['batch', 3]]],
    ['a bias whose first size is 1', () => opened([[2, 3]], [[1, 3]], 'mul', {}, [2, 3]), [['batch', 3]]],
    ['a batch of 1 beside a size of 1', () => opened([[1, 3]], [[1, 3]], 'sub', {}, [1, 3]), [['batch', 3]]],
    [
      'two inputs',
      () =>
        opened(
          [
            [2, 3],
            [2, 1],
          ],
          [],
          'div',
          {},
          [2, 3],
        ),
      [['batch', 3]],
    ],
    ['a row that stays', () => opened([[1, 6]], [], 'reshape', { shape: [1, 1, 6] }, [1, 1, 6]), [['batch', 1, 6]]],
    ['a sum that keeps it', () => opened([[3, 3]], [], 'sumTo', { shape: [3, 1], scale: 1 }, [3, 1]), [['batch', 1]]],
    ['repeating', () => opened([[2, 1]], [], 'broadcastTo', { shape: [2, 5], scale: 1 }, [2, 5]), [['batch', 5]]],
    ['rows of a matrix', () => opened([[2, 3]], [[4, 3]], 'linear', { transposed: false }, [2, 4]), [['batch', 4]]],
    ['other orders', () => opened([[2, 3, 4]], [], 'permute', { axes: [0, 2, 1] }, [2, 4, 3]), [['batch', 4, 3]]],
    ['a roll of others', () => opened([[2, 3]], [], 'roll', { shifts: [0, 1] }, [2, 3]), [['batch', 3]]],
    ['repeats of others', () => opened([[2, 3]], [], 'tile', { repeats: [1, 2] }, [2, 6]), [['batch', 6]]],
    [
      'steps of others',
      () => opened([[2, 3]], [], 'pick', { starts: [0, 2], steps: [1, -1], sizes: [2, 3] }, [2, 3]),
      [['batch', 3]],
    ],
  ])('an open batch goes through %s', (_, run, expected) => {
    expect(run()).toEqual(expected);
  });

  it.each<[string, () => unknown, string]>([
    ['moved by broadcasting', () => opened([[1, 3]], [[1, 1, 3]], 'add', {}, [1, 1, 3]), 'moves the batch'],
    ['moved, with more of them', () => opened([[2, 3]], [[4, 1, 1]], 'mul', {}, [4, 2, 3]), 'moves the batch'],
    ['beside a parameter of its size', () => opened([[2, 3]], [[2, 3]], 'add', {}, [2, 3]), 'fixed size [2,3]'],
    ['joined with a parameter', () => opened([[1, 3]], [[1, 2]], 'concat', { axis: 1 }, [1, 5]), 'fixed size [1,2]'],
    [
      'in a weight',
      () =>
        opened(
          [
            [1, 3, 2, 2],
            [1, 3, 1, 1],
          ],
          [],
          'conv2d',
          CONV,
          [1, 1, 2, 2],
        ),
      'a parameter',
    ],
    [
      'stacked',
      () =>
        opened(
          [
            [1, 3],
            [1, 3],
          ],
          [],
          'stack',
          {},
          [2, 3],
        ),
      'the batch dimension',
    ],
    ['reshaped away', () => opened([[2, 6]], [], 'reshape', { shape: [3, 4] }, [3, 4]), 'the batch dimension'],
    ['summed away', () => opened([[3, 3]], [], 'sumTo', { shape: [3], scale: 1 }, [3]), 'the batch dimension'],
    [
      'repeated',
      () => opened([[1, 3]], [], 'broadcastTo', { shape: [1, 1, 3], scale: 1 }, [1, 1, 3]),
      'batch dimension',
    ],
    ['split', () => opened([[2, 3]], [], 'split', { axis: 0, sizes: [1, 1] }, [1, 3], [1, 3]), 'the batch dimension'],
    [
      'summed over',
      () => opened([[2, 3]], [[2, 4]], 'matmul', { transposeA: true, transposeB: false }, [3, 4]),
      'the batch dimension',
    ],
    ['put elsewhere', () => opened([[2, 2]], [], 'permute', { axes: [1, 0] }, [2, 2]), 'the batch dimension'],
    ['rolled', () => opened([[2, 2]], [], 'roll', { shifts: [1, 0] }, [2, 2]), 'the batch dimension'],
    ['repeated', () => opened([[2, 2]], [], 'tile', { repeats: [2, 1] }, [4, 2]), 'the batch dimension'],
    [
      'turned round',
      () => opened([[2, 2]], [], 'pick', { starts: [1, 0], steps: [-1, 1], sizes: [2, 2] }, [2, 2]),
      'the batch dimension',
    ],
  ])('an open batch that is %s is refused with the place', (_, run, said) => {
    expect(run).toThrow(expect.objectContaining({ code: 'CHECKPOINT_ONNX_OPERATOR', where: 'here' }));
    expect(run).toThrow(said);
  });

  it('is an open batch in a net that works on the batch', () => {
    const graph = new SmallGraph();
    const x = graph.input('x', 4, 2);
    const [y] = graph.apply('reduceMean', [x], { axes: [0, 1], keepDims: false }, [tensor()], 'head');
    graph.output('y', y as typeof x);
    expect(readOnnx(exportOnnx(graph, graph.values)).nodes).toHaveLength(1);
    expect(() => exportOnnx(graph, graph.values, { dynamicBatch: true })).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_ONNX_OPERATOR', where: 'head' }),
    );
  });
});
