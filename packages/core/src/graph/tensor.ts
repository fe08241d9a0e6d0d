import type { DType, Shape, TensorType } from '../tensor/types.js';
import type { Graph, GraphNode } from './graph.js';

/**
 * A tensor that describes, not holds: a shape, an element type, and its place in a graph. Data exists only while a
 * plan runs, in memory that the planner laid out, so a tensor needs no `dispose`.
 */
export class Tensor {
  readonly graph: Graph;
  readonly id: number;
  readonly type: TensorType;
  /** The node that computes it; undefined for an input or a parameter. */
  readonly producer: GraphNode | undefined;

  /** Made by a graph, never by hand. */
  constructor(graph: Graph, id: number, type: TensorType, producer: GraphNode | undefined) {
    this.graph = graph;
    this.id = id;
    this.type = type;
    this.producer = producer;
  }

  get shape(): Shape {
    return this.type.shape;
  }

  get dtype(): DType {
    return this.type.dtype;
  }
}
