/** What a report is made of: plain data, rendered by {@link renderReport}. */

export interface Report {
  readonly title: string;
  readonly subtitle?: string;
  readonly sections: readonly Section[];
  /**
   * Embedded as JSON in `<script type="application/json" id="report-data">` for programs to read. Typed arrays become
   * arrays; NaN and infinities become null, as always in JSON.
   */
  readonly data?: unknown;
  /** Small print at the end. */
  readonly footer?: string;
  /** Seconds after which the page reloads itself, while a run goes on. The reader can pause it. */
  readonly refreshSeconds?: number;
}

export interface Section {
  readonly title: string;
  /** A sentence or two below the heading. */
  readonly note?: string;
  readonly blocks: readonly Block[];
}

export type Block = Facts | Text | LineChart | Roofline | BarChart | Table | Pictures;

/** Labels and values, such as the settings of a run. */
export interface Facts {
  readonly kind: 'facts';
  readonly rows: readonly (readonly [label: string, value: string])[];
}

/** Paragraphs, separated by empty lines. */
export interface Text {
  readonly kind: 'text';
  readonly text: string;
  /** Keep spaces and line breaks, in a monospaced font: commands, logs. */
  readonly preformatted?: boolean;
}

/** Curves. A point that is not finite, or not above zero on a logarithmic axis, is a gap in its curve. */
export interface LineChart {
  readonly kind: 'lines';
  readonly title: string;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly series: readonly Series[];
  /** Vertical lines, such as "best epoch" or "round 3". */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
}

export interface ChartAxis {
  readonly label: string;
  /** The end of the axis; where it is missing, the values decide. */
  readonly min?: number;
  readonly max?: number;
  readonly scale?: 'linear' | 'log';
  /** Ticks at whole numbers alone: epochs, steps. For linear axes. */
  readonly whole?: boolean;
}

export interface Series {
  readonly name: string;
  /** In the order in which they are joined; usually by ascending x. */
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly dashed?: boolean;
  /** Which colour of the palette, from 0; where it is missing, the series' position. Markers differ in any case. */
  readonly colour?: number;
}

/** A roofline (Williams, Waterman, Patterson 2009): how near each kernel comes to what the machine allows. */
export interface Roofline {
  readonly kind: 'roofline';
  readonly title: string;
  readonly points: readonly RooflinePoint[];
  readonly ceilings: readonly Ceiling[];
}

export interface RooflinePoint {
  readonly label: string;
  /** Arithmetic intensity in FLOP/byte. */
  readonly intensity: number;
  /** Performance in FLOP/s. */
  readonly performance: number;
  readonly note?: string;
}

/** A slanted line (bytes/s of a memory) or a horizontal one (FLOP/s of the arithmetic). */
export type Ceiling =
  | { readonly label: string; readonly bandwidth: number }
  | { readonly label: string; readonly compute: number };

/** Horizontal bars from zero, with an optional interval. */
export interface BarChart {
  readonly kind: 'bars';
  readonly title: string;
  /** Unit of the values, such as `ms`; may be empty. */
  readonly unit: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Ends of an interval around the value, such as quartiles. */
  readonly low?: number;
  readonly high?: number;
  readonly note?: string;
}

export interface Table {
  readonly kind: 'table';
  readonly title?: string;
  /** Where `align` is missing, columns of numbers stand right, others left. */
  readonly columns: readonly { readonly title: string; readonly align?: 'left' | 'right' }[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Indexes of rows to emphasise. */
  readonly emphasise?: readonly number[];
}

export interface Pictures {
  readonly kind: 'pictures';
  /** Titles of the pictures of each row, in order. */
  readonly columns?: readonly string[];
  readonly rows: readonly PictureRow[];
  /** Width of each picture in CSS pixels, default 160. */
  readonly width?: number;
}

export interface PictureRow {
  readonly label: string;
  readonly note?: string;
  readonly pictures: readonly Picture[];
}

export interface Picture {
  /** The file's bytes. */
  readonly png: Uint8Array;
  /** What the picture shows, for those who do not see it. */
  readonly alt: string;
  readonly caption?: string;
}
