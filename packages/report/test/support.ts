import type { Block, Report } from '@infnet/report';

export function page(...blocks: Block[]): Report {
  return { title: 'A run', sections: [{ title: 'Part', blocks }] };
}

const VOID = new Set(['meta', 'img', 'br', 'link', 'hr', 'input']);

/**
 * Problems of nesting: tags that are closed in another order than opened, or never; ids used twice; links to nowhere.
 */
export function htmlProblems(html: string): string[] {
  const problems: string[] = [];
  const open: string[] = [];
  const ids = new Set<string>();
  // What stands in scripts and styles is no markup.
  const markup = html.replace(/(<(script|style)[^>]*>)[\s\S]*?(<\/\2>)/g, '$1$3');
  const tag = /<(\/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-zA-Z][a-zA-Z0-9:-]*(?:="[^"<>]*")?)*)\s*(\/?)>/g;
  for (const [, closing, name, attributes, selfClosing] of markup.matchAll(tag)) {
    for (const [, id] of attributes!.matchAll(/\sid="([^"]*)"/g)) {
      if (ids.has(id!)) problems.push(`id ${id} twice`);
      ids.add(id!);
    }
    if (closing) {
      const last = open.pop();
      if (last !== name) problems.push(`</${name}> closes <${last}>`);
    } else if (!selfClosing && !VOID.has(name!)) open.push(name!);
  }
  problems.push(...open.map((name) => `<${name}> stays open`));
  const rest = markup.replace(/^<!doctype html>/, '').replace(tag, '');
  if (/[<>]/.test(rest)) problems.push(`stray angle bracket near ${/.{0,30}[<>].{0,30}/.exec(rest)?.[0]}`);
  for (const [, target] of markup.matchAll(/(?:href="#|aria-(?:labelledby|describedby)=")([^"]*)"/g)) {
    if (!ids.has(target!)) problems.push(`nothing has the id ${target}`);
  }
  return problems;
}

/** A PNG's head, as far as the report reads it. */
export function pngHead(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(45);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

/** One of each kind, with texts that must be escaped. */
export const EVERYTHING: Report = {
  title: 'A <script>alert(1)</script> & "run"',
  subtitle: "it's",
  footer: '<b>small</b>',
  refreshSeconds: 30,
  data: { text: '</script><!--<script>', values: new Float32Array([1, 2]), none: Number.NaN },
  sections: [
    {
      title: 'One <i>',
      note: 'a < b',
      blocks: [
        { kind: 'facts', rows: [['<dt>', '</dd>']] },
        { kind: 'text', text: 'first <p>\n\nsecond' },
        { kind: 'text', text: '<pre>', preformatted: true },
        { kind: 'table', title: '<th>', columns: [{ title: '<td>' }, { title: 'n' }], rows: [['</table>', 1.5]] },
      ],
    },
    {
      title: 'Two',
      blocks: [
        {
          kind: 'lines',
          title: '</svg>',
          x: { label: '<x>' },
          y: { label: '<y>', scale: 'log' },
          series: [
            {
              name: '</script><script>',
              points: [
                [1, 2],
                [2, 0],
                [3, 4],
              ],
            },
            { name: 'b', points: [[1, 1]], dashed: true },
          ],
          marks: [{ x: 2, label: '</text>' }],
        },
        {
          kind: 'roofline',
          title: '<roof>',
          points: [{ label: '<k> $& $`', intensity: 2, performance: 1e9, note: '<n>' }],
          ceilings: [
            { label: '<bw>', bandwidth: 1e10 },
            { label: '<c>', compute: 1e11 },
          ],
        },
        {
          kind: 'bars',
          title: '<bars>',
          unit: '<u>',
          bars: [{ label: '<l>', value: 2, low: 1, high: 3, note: '<n>' }],
        },
      ],
    },
    {
      title: 'Three',
      blocks: [
        {
          kind: 'pictures',
          columns: ['<c>'],
          rows: [
            { label: '<r>', note: '<n>', pictures: [{ png: pngHead(96, 80), alt: '"><script>', caption: '<cap>' }] },
          ],
        },
      ],
    },
  ],
};
