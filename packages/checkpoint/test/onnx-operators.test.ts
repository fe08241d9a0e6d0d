/**
 * What each operator becomes. That the results are right is for another runtime to say:
 * benchmarks/test/onnx*.node.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { exportOnnx, ONNX_OPERATORS } from '../src/index.js';
import { readOnnx } from './support/read-onnx.js';
import { SmallGraph, tensor } from './support/small-graph.js';

type Sizes = readonly number[];

/** The nodes that one use of an operator becomes: `Type(input shapes or constants; attributes)`. */
function translated(
  operator: string,
  inputs: readonly Sizes[],
  attributes: Readonly<Record<string, unknown>>,
  ...outputs: Sizes[]
): readonly string[] {
  const graph = new SmallGraph();
  const given = inputs.map((shape, i) => graph.input('abcdef'[i] as string, ...shape));
  const made = outputs.map((shape) => tensor(...shape));
  graph.apply(operator, given, attributes, made);
  for (const [i, output] of made.entries()) if (!isOfTraining(operator, i)) graph.output(`y${i}`, output);
  const { nodes, constants } = readOnnx(exportOnnx(graph, graph.values));
  const describeInput = (name: string): string => {
    const constant = constants.get(name);
    return constant === undefined ? name : `[${constant.values.join(' ')}]`;
  };
  return nodes.map((node) => {
    const settings = Object.entries(node.attributes).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    return [`${node.outputs.join(' ')} = ${node.type} ${node.inputs.map(describeInput).join(' ')}`, ...settings].join(
      '; ',
    );
  });
}

/** The statistics of a norm, which only its gradient reads. */
const isOfTraining = (operator: string, output: number): boolean => /Norm(2d)?$/.test(operator) && output === 1;

const MAP: Sizes = [2, 3, 5, 4];
const POOL = { kernel: [3, 2], stride: [2, 2], padding: [1, 0], dilation: [1, 1], ceilMode: false };

describe('every operator', () => {
  it.each<[string, readonly Sizes[], Record<string, unknown>, readonly Sizes[], readonly string[]]>([
    ['relu', [MAP], {}, [MAP], ['y0 = Relu a']],
    ['sigmoid', [MAP], {}, [MAP], ['y0 = Sigmoid a']],
    ['leakyRelu', [MAP], { slope: 0.25 }, [MAP], ['y0 = LeakyRelu a; alpha=0.25']],
    ['mish', [MAP], {}, [MAP], ['y0 = Mish a']],
    ['tanh', [MAP], {}, [MAP], ['y0 = Tanh a']],
    ['hardswish', [MAP], {}, [MAP], ['y0 = HardSwish a']],
    ['abs', [MAP], {}, [MAP], ['y0 = Abs a']],
    ['exp', [MAP], {}, [MAP], ['y0 = Exp a']],
    ['log', [MAP], {}, [MAP], ['y0 = Log a']],
    ['sqrt', [MAP], {}, [MAP], ['y0 = Sqrt a']],
    ['sin', [MAP], {}, [MAP], ['y0 = Sin a']],
    ['cos', [MAP], {}, [MAP], ['y0 = Cos a']],
    ['erf', [MAP], {}, [MAP], ['y0 = Erf a']],
    ['silu', [MAP], {}, [MAP], ['Sigmoid_output = Sigmoid a', 'y0 = Mul a Sigmoid_output']],
    [
      'gelu',
      [MAP],
      {},
      [MAP],
      [
        'Mul_output = Mul a [0.7071067690849304]',
        'Erf_output = Erf Mul_output',
        'Add_output = Add Erf_output [1]',
        'Mul_1_output = Mul Add_output [0.5]',
        'y0 = Mul a Mul_1_output',
      ],
    ],
    [
      'geluTanh',
      [MAP],
      {},
      [MAP],
      [
        'Mul_output = Mul a a',
        'Mul_1_output = Mul Mul_output a',
        'Mul_2_output = Mul Mul_1_output [0.044714998453855515]',
        'Add_output = Add a Mul_2_output',
        'Mul_3_output = Mul Add_output [0.7978845834732056]',
        'Tanh_output = Tanh Mul_3_output',
        'Add_1_output = Add Tanh_output [1]',
        'Mul_4_output = Mul Add_1_output [0.5]',
        'y0 = Mul a Mul_4_output',
      ],
    ],
    [
      'softplus',
      [MAP],
      { beta: 2, threshold: 20 },
      [MAP],
      ['Mul_output = Mul a [2]', 'Softplus_output = Softplus Mul_output', 'y0 = Div Softplus_output [2]'],
    ],
    ['elu', [MAP], { alpha: 0.5 }, [MAP], ['y0 = Elu a; alpha=0.5']],
    ['relu6', [MAP], {}, [MAP], ['y0 = Clip a [0] [6]']],
    ['hardsigmoid', [MAP], {}, [MAP], ['y0 = HardSigmoid a; alpha=0.1666666716337204; beta=0.5']],
    ['prelu', [MAP, [3, 1, 1]], {}, [MAP], ['y0 = PRelu a b']],
    ['clamp', [MAP], { low: -1, high: 2 }, [MAP], ['y0 = Clip a [-1] [2]']],
    ['clampMin', [MAP], { low: -1 }, [MAP], ['y0 = Clip a [-1]']],
    ['clampMax', [MAP], { high: 2 }, [MAP], ['y0 = Clip a  [2]']],
    ['rsqrt', [MAP], {}, [MAP], ['Sqrt_output = Sqrt a', 'y0 = Reciprocal Sqrt_output']],
    ['square', [MAP], {}, [MAP], ['y0 = Mul a a']],
    ['pow', [MAP, MAP], {}, [MAP], ['y0 = Pow a b']],
    ['powScalar', [MAP], { exponent: 3 }, [MAP], ['y0 = Pow a [3]']],
    ['minimum', [MAP, MAP], {}, [MAP], ['y0 = Min a b']],
    ['maximum', [MAP, MAP], {}, [MAP], ['y0 = Max a b']],
    ['where', [MAP, MAP, MAP], {}, [MAP], ['Cast_output = Cast a; to=9', 'y0 = Where Cast_output b c']],
    ['equal', [MAP, MAP], {}, [MAP], ['Equal_output = Equal a b', 'y0 = Cast Equal_output; to=1']],
    ['equalScalar', [MAP], { value: 2 }, [MAP], ['Equal_output = Equal a [2]', 'y0 = Cast Equal_output; to=1']],
    ['less', [MAP, MAP], {}, [MAP], ['Less_output = Less a b', 'y0 = Cast Less_output; to=1']],
    ['lessScalar', [MAP], { value: 2 }, [MAP], ['Less_output = Less a [2]', 'y0 = Cast Less_output; to=1']],
    [
      'lessEqual',
      [MAP, MAP],
      {},
      [MAP],
      ['LessOrEqual_output = LessOrEqual a b', 'y0 = Cast LessOrEqual_output; to=1'],
    ],
    [
      'lessEqualScalar',
      [MAP],
      { value: 2 },
      [MAP],
      ['LessOrEqual_output = LessOrEqual a [2]', 'y0 = Cast LessOrEqual_output; to=1'],
    ],
    ['greater', [MAP, MAP], {}, [MAP], ['Greater_output = Greater a b', 'y0 = Cast Greater_output; to=1']],
    ['greaterScalar', [MAP], { value: 2 }, [MAP], ['Greater_output = Greater a [2]', 'y0 = Cast Greater_output; to=1']],
    [
      'greaterEqual',
      [MAP, MAP],
      {},
      [MAP],
      ['GreaterOrEqual_output = GreaterOrEqual a b', 'y0 = Cast GreaterOrEqual_output; to=1'],
    ],
    [
      'greaterEqualScalar',
      [MAP],
      { value: 2 },
      [MAP],
      ['GreaterOrEqual_output = GreaterOrEqual a [2]', 'y0 = Cast GreaterOrEqual_output; to=1'],
    ],
    [
      'notEqual',
      [MAP, MAP],
      {},
      [MAP],
      ['Equal_output = Equal a b', 'Not_output = Not Equal_output', 'y0 = Cast Not_output; to=1'],
    ],
    [
      'notEqualScalar',
      [MAP],
      { value: 2 },
      [MAP],
      ['Equal_output = Equal a [2]', 'Not_output = Not Equal_output', 'y0 = Cast Not_output; to=1'],
    ],
    ['softmax', [MAP], {}, [MAP], ['y0 = Softmax a; axis=1']],
    ['softmax', [MAP], { axis: 3 }, [MAP], ['y0 = Softmax a; axis=3']],
    ['logSoftmax', [MAP], { axis: 0 }, [MAP], ['y0 = LogSoftmax a; axis=0']],
    ['logSoftmax', [MAP], {}, [MAP], ['y0 = LogSoftmax a; axis=1']],
    ['reduceMax', [MAP], { axes: [1, 3], keepDims: false }, [[2, 5]], ['y0 = ReduceMax a [1 3]; keepdims=0']],
    ['reduceMin', [MAP], { axes: [2], keepDims: true }, [[2, 3, 1, 4]], ['y0 = ReduceMin a [2]; keepdims=1']],
    [
      'argmax',
      [MAP],
      { axis: 1, keepDims: false },
      [[2, 5, 4]],
      ['ArgMax_output = ArgMax a; axis=1; keepdims=0', 'y0 = Cast ArgMax_output; to=12'],
    ],
    [
      'argmin',
      [MAP],
      { axis: undefined, keepDims: false },
      [[]],
      [
        'Reshape_output = Reshape a [-1]',
        'ArgMin_output = ArgMin Reshape_output; axis=0; keepdims=0',
        'y0 = Cast ArgMin_output; to=12',
      ],
    ],
    [
      'variance',
      [MAP],
      { axes: [2, 3], keepDims: false, correction: 1 },
      [
        [2, 3],
        [2, 3, 1, 1],
      ],
      [
        'y1 = ReduceMean a [2 3]; keepdims=1',
        'Sub_output = Sub a y1',
        'ReduceSumSquare_output = ReduceSumSquare Sub_output [2 3]; keepdims=0',
        `y0 = Mul ReduceSumSquare_output [${Math.fround(1 / 19)}]`,
      ],
    ],
    ['add', [MAP, MAP], {}, [MAP], ['y0 = Add a b']],
    ['sub', [MAP, MAP], {}, [MAP], ['y0 = Sub a b']],
    ['mul', [MAP, MAP], {}, [MAP], ['y0 = Mul a b']],
    ['div', [MAP, MAP], {}, [MAP], ['y0 = Div a b']],
    ['sum', [MAP, MAP, MAP], {}, [MAP], ['y0 = Sum a b c']],
    ['addScalar', [MAP], { value: -1.5 }, [MAP], ['y0 = Add a [-1.5]']],
    ['mulScalar', [MAP], { value: 2 }, [MAP], ['y0 = Mul a [2]']],
    ['product', [MAP, MAP, MAP], {}, [MAP], ['Mul_output = Mul a b', 'y0 = Mul Mul_output c']],
    ['splitStep', [MAP, MAP, MAP], {}, [MAP, MAP], ['y0 = Add a b', 'y1 = Identity c']],
    [
      'conv2d',
      [MAP, [6, 1, 3, 1], [6]],
      { stride: [2, 1], padding: [1, 0, 2, 0], dilation: [1, 3], groups: 3 },
      [[2, 6, 3, 4]],
      ['y0 = Conv a b c; kernel_shape=[3,1]; strides=[2,1]; pads=[1,0,2,0]; dilations=[1,3]; group=3'],
    ],
    [
      'convTranspose2d',
      [MAP, [3, 2, 3, 1], [6]],
      { stride: [2, 3], padding: [1, 0], outputPadding: [1, 2], dilation: [1, 2], groups: 3 },
      [[2, 6, 10, 12]],
      [
        'y0 = ConvTranspose a b c; kernel_shape=[3,1]; strides=[2,3]; pads=[1,0,1,0]; output_padding=[1,2]; ' +
          'dilations=[1,2]; group=3',
      ],
    ],
    ['linear', [[2, 4], [3, 4], [3]], { transposed: false }, [[2, 3]], ['y0 = Gemm a b c; transB=1']],
    [
      'linear',
      [
        [2, 4],
        [4, 3],
      ],
      { transposed: true },
      [[2, 3]],
      ['y0 = Gemm a b; transB=0'],
    ],
    [
      'linear',
      [[2, 5, 4], [3, 4], [3]],
      { transposed: false },
      [[2, 5, 3]],
      [
        'Transpose_output = Transpose b; perm=[1,0]',
        'MatMul_output = MatMul a Transpose_output',
        'y0 = Add MatMul_output c',
      ],
    ],
    [
      'matmul',
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
      { transposeA: false, transposeB: false },
      [[2, 3, 5]],
      ['y0 = MatMul a b'],
    ],
    [
      'matmul',
      [
        [2, 4, 3],
        [2, 5, 4],
      ],
      { transposeA: true, transposeB: true },
      [[2, 3, 5]],
      [
        'Transpose_output = Transpose a; perm=[0,2,1]',
        'Transpose_1_output = Transpose b; perm=[0,2,1]',
        'y0 = MatMul Transpose_output Transpose_1_output',
      ],
    ],
    [
      'batchNorm2d',
      [MAP, [3], [3], [3], [3]],
      { eps: 0.5, momentum: 0.1, training: false },
      [MAP],
      ['y0 = BatchNormalization a b c d e; epsilon=0.5'],
    ],
    [
      'groupNorm',
      [MAP, [3], [3]],
      { over: { groups: 3 }, eps: 0.5, weight: true, bias: true },
      [MAP, [3, 6]],
      ['y0 = InstanceNormalization a b c; epsilon=0.5'],
    ],
    [
      'groupNorm',
      [[2, 4, 5, 4], [4]],
      { over: { groups: 2 }, eps: 0.5, weight: false, bias: true },
      [
        [2, 4, 5, 4],
        [3, 4],
      ],
      [
        'Reshape_output = Reshape a [0 2 -1]',
        'InstanceNormalization_output = InstanceNormalization Reshape_output [1 1] [0 0]; epsilon=0.5',
        'Reshape_1_output = Reshape InstanceNormalization_output [0 4 5 4]',
        'Reshape_2_output = Reshape b [4 1 1]',
        'y0 = Add Reshape_1_output Reshape_2_output',
      ],
    ],
    [
      'layerNorm',
      [MAP, [5, 4]],
      { over: { axis: 2 }, eps: 0.5, weight: true, bias: false },
      [MAP, [3, 6]],
      ['y0 = LayerNormalization a b; axis=2; epsilon=0.5'],
    ],
    [
      'layerNorm2d',
      [MAP],
      { over: 'channels', eps: 0.5, weight: false, bias: false },
      [MAP, [3, 40]],
      [
        'Transpose_output = Transpose a; perm=[0,2,3,1]',
        'LayerNormalization_output = LayerNormalization Transpose_output [1 1 1]; axis=3; epsilon=0.5',
        'y0 = Transpose LayerNormalization_output; perm=[0,3,1,2]',
      ],
    ],
    [
      'maxPool2d',
      [MAP],
      POOL,
      [[2, 3, 3, 2]],
      ['y0 = MaxPool a; kernel_shape=[3,2]; strides=[2,2]; pads=[1,0,1,0]; dilations=[1,1]'],
    ],
    [
      'avgPool2d',
      [MAP],
      { ...POOL, countIncludePad: true },
      [[2, 3, 3, 2]],
      ['y0 = AveragePool a; kernel_shape=[3,2]; strides=[2,2]; pads=[1,0,1,0]; count_include_pad=1'],
    ],
    [
      'interpolate',
      [MAP],
      { size: [10, 8], mode: 'bilinear', alignCorners: true, ratio: [0.5, 0.5] },
      [[2, 3, 10, 8]],
      ['y0 = Resize a   [10 8]; axes=[2,3]; mode="linear"; coordinate_transformation_mode="align_corners"'],
    ],
    [
      'addResized',
      [MAP, [2, 3, 3, 2]],
      {},
      [MAP],
      [
        'Resize_output = Resize b   [5 4]; axes=[2,3]; mode="linear"; coordinate_transformation_mode="half_pixel"',
        'y0 = Add a Resize_output',
      ],
    ],
    [
      'reverseAttention',
      [MAP, [2, 1, 5, 4]],
      {},
      [MAP],
      ['Sigmoid_output = Sigmoid b', 'Sub_output = Sub [1] Sigmoid_output', 'y0 = Mul a Sub_output'],
    ],
    ['concat', [MAP, [2, 1, 5, 4]], { axis: 1 }, [[2, 4, 5, 4]], ['y0 = Concat a b; axis=1']],
    ['stack', [[3], [2]], {}, [[5]], ['y0 = Concat a b; axis=0']],
    ['permute', [MAP], { axes: [0, 2, 3, 1] }, [[2, 5, 4, 3]], ['y0 = Transpose a; perm=[0,2,3,1]']],
    [
      'pick',
      [MAP],
      { starts: [0, 2, 1, 0], steps: [1, -1, 2, 1], sizes: [2, 3, 2, 4] },
      [[2, 3, 2, 4]],
      ['y0 = Slice a [2 1] [-2147483647 5] [1 2] [-1 2]'],
    ],
    [
      'roll',
      [MAP],
      { shifts: [0, 0, 2, 0] },
      [MAP],
      [
        'Slice_output = Slice a [3] [5] [2]',
        'Slice_1_output = Slice a [0] [3] [2]',
        'y0 = Concat Slice_output Slice_1_output; axis=2',
      ],
    ],
    ['tile', [MAP], { repeats: [1, 2, 1, 3] }, [[2, 6, 5, 12]], ['y0 = Tile a [1 2 1 3]']],
    [
      'split',
      [MAP],
      { axis: 1, sizes: [2, 1] },
      [
        [2, 2, 5, 4],
        [2, 1, 5, 4],
      ],
      ['y0 y1 = Split a [2 1]; axis=1'],
    ],
    ['narrow', [MAP], { axis: 2, start: 1, length: 3 }, [[2, 3, 3, 4]], ['y0 = Slice a [1] [4] [2]']],
    [
      'pad2d',
      [MAP],
      { top: 1, bottom: -2, left: 0, right: 3 },
      [[2, 3, 4, 7]],
      ['y0 = Pad a [0 0 1 0 0 0 -2 3]; mode="constant"'],
    ],
    ['reshape', [MAP], { shape: [2, 60] }, [[2, 60]], ['y0 = Reshape a [0 60]']],
    [
      'placeInZeros',
      [MAP],
      { axis: 2, start: 1, total: 9 },
      [[2, 3, 9, 4]],
      ['y0 = Pad a [0 0 1 0 0 0 3 0]; mode="constant"'],
    ],
    [
      'sumTo',
      [MAP],
      { shape: [3, 1, 4], scale: 0.5 },
      [[3, 1, 4]],
      [
        'ReduceSum_output = ReduceSum a [2]; keepdims=1',
        'ReduceSum_1_output = ReduceSum ReduceSum_output [0]; keepdims=0',
        'y0 = Mul ReduceSum_1_output [0.5]',
      ],
    ],
    ['broadcastTo', [[3, 1, 4]], { shape: MAP, scale: 1 }, [MAP], ['y0 = Expand a [2 1 5 1]']],
    ['reduceSum', [MAP], { axes: [2, 3], keepDims: true }, [[2, 3, 1, 1]], ['y0 = ReduceSum a [2 3]; keepdims=1']],
    ['reduceMean', [MAP], { axes: [1], keepDims: false }, [[2, 5, 4]], ['y0 = ReduceMean a [1]; keepdims=0']],
  ])('%s', (operator, inputs, attributes, outputs, expected) => {
    expect(translated(operator, inputs, attributes, ...outputs)).toEqual(expected);
    tested.add(operator);
  });

  const tested = new Set<string>();

  it('of the table was among them', () => {
    expect([...tested].sort()).toEqual(Object.keys(ONNX_OPERATORS).sort());
  });
});

describe('windows that hang over the end', () => {
  const ceil = { ...POOL, kernel: [3, 3], padding: [0, 0], ceilMode: true };

  it('become a Pad of the lowest value where they are wider than onnxruntime takes: dilation 3', () => {
    const dilated = { ...ceil, dilation: [3, 3], stride: [4, 2] };
    // Two windows of 7 rows, the second from row 4 on: 3 of its rows hang over the 8 that there are.
    expect(translated('maxPool2d', [[1, 1, 8, 7]], dilated, [1, 1, 2, 1])).toEqual([
      'Pad_output = Pad a [0 0 0 0 0 0 3 0] [-Infinity]; mode="constant"',
      'y0 = MaxPool Pad_output; kernel_shape=[3,3]; strides=[4,2]; pads=[0,0,0,0]; dilations=[3,3]',
    ]);
    expect(translated('maxPool2d', [[1, 1, 8, 7]], { ...dilated, padding: [1, 1] }, [1, 1, 2, 2])).toEqual([
      'y0 = MaxPool a; kernel_shape=[3,3]; strides=[4,2]; pads=[1,1,2,1]; dilations=[3,3]',
    ]);
  });

  it('tell 0 from -0 in constants, and keep them apart from names of the caller', () => {
    const graph = new SmallGraph();
    const x = graph.input('constant/float32=0', 1, 2);
    const [y] = graph.apply('mulScalar', [x], { value: 0 }, [tensor(1, 2)]);
    const [z] = graph.apply('mulScalar', [y as typeof x], { value: -0 }, [tensor(1, 2)]);
    const { constants, nodes } = readOnnx(exportOnnx(graph.output('y', z as typeof x), graph.values));
    const values = nodes.map(({ inputs }) => constants.get(inputs[1] as string)?.values[0]);
    expect(values).toEqual([0, -0]);
    expect(nodes[0]?.inputs[0]).toBe('constant/float32=0');
  });

  it('become padding at the end that does not count', () => {
    const max = translated('maxPool2d', [[1, 1, 6, 5]], ceil, [1, 1, 3, 2]);
    expect(max).toEqual(['y0 = MaxPool a; kernel_shape=[3,3]; strides=[2,2]; pads=[0,0,1,0]; dilations=[1,1]']);
    const average = { ...ceil, countIncludePad: true };
    expect(translated('avgPool2d', [[1, 1, 6, 5]], average, [1, 1, 3, 2])).toEqual([
      'y0 = AveragePool a; kernel_shape=[3,3]; strides=[2,2]; pads=[0,0,1,0]; count_include_pad=0',
    ]);
  });

  it('beside padding that counts, which becomes zeros', () => {
    const attributes = { ...ceil, padding: [1, 1], countIncludePad: true };
    expect(translated('avgPool2d', [[1, 1, 6, 6]], attributes, [1, 1, 4, 4])).toEqual([
      'Pad_output = Pad a [0 0 1 1 0 0 1 1]; mode="constant"',
      'y0 = AveragePool Pad_output; kernel_shape=[3,3]; strides=[2,2]; pads=[0,0,1,1]; count_include_pad=0',
    ]);
  });

  it('are none where ceil mode changes nothing', () => {
    const attributes = { ...ceil, countIncludePad: false };
    expect(translated('avgPool2d', [[1, 1, 5, 5]], attributes, [1, 1, 2, 2])).toEqual([
      'y0 = AveragePool a; kernel_shape=[3,3]; strides=[2,2]; pads=[0,0,0,0]; count_include_pad=0',
    ]);
  });
});

describe('resizing by a factor', () => {
  const by = (ratio: number, input: number, size: number): readonly string[] =>
    translated(
      'interpolate',
      [[1, 1, input, input]],
      { size: [size, size], mode: 'bilinear', alignCorners: false, ratio: [ratio, ratio] },
      [1, 1, size, size],
    );

  it('that the sizes give back writes the sizes', () => {
    expect(by(0.25, 3, 12)[0]).toContain('Resize a   [12 12]');
  });

  it('that they do not give back writes the factor', () => {
    expect(by(1 / 2.5, 3, 7)[0]).toContain('Resize a  [2.5 2.5]; ');
  });

  it('that float32 cannot say is refused', () => {
    expect(() => by(1 / 0.7, 10, 5)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_ONNX_OPERATOR' }));
  });

  it('that float32 rounds to another size takes the neighbour that gives it in float32 and float64', () => {
    // 10 * 3.6999999999999997 is below 37; the nearest float32 is above.
    const [node = ''] = by(1 / 3.6999999999999997, 10, 36);
    const scale = Number(/ {2}\[([\d.]+) /.exec(node)?.[1]);
    expect(Math.floor(Math.fround(10 * scale))).toBe(36);
    expect(Math.abs(scale - 3.7)).toBeLessThan(1e-6);
  });

  it('that leaves the size is refused: runtimes copy the map then', () => {
    expect(() => by(1 / 1.2, 3, 3)).toThrow('leaves the size 3 x 3 as it is');
    expect(by(1, 3, 3)[0]).toContain('Resize a   [3 3]');
  });

  it('is refused in another mode', () => {
    const attributes = { size: [2, 2], mode: 'nearest', alignCorners: false };
    expect(() => translated('interpolate', [[1, 1, 4, 4]], attributes, [1, 1, 2, 2])).toThrow('its mode is nearest');
  });
});
