/** A report's sections as lines for a terminal: what the page shows, without its pictures and charts of points. */
import type { Block, Section } from '@infnet/report';
import { formatTable } from './table.js';

export function sectionLines({ title, note, blocks }: Section): string[] {
  return ['', title, ...(note === undefined ? [] : [`  ${note}`]), ...blocks.flatMap(blockLines)];
}

function blockLines(block: Block): string[] {
  switch (block.kind) {
    case 'table': {
      const { title, columns, rows } = block;
      const lines = formatTable(
        columns.map((column) => column.title),
        rows.map((row) => row.map(String)),
        columns.flatMap(({ align }, i) => (align === 'right' ? [] : [i])),
      );
      return ['', ...(title === undefined ? [] : [title]), ...lines];
    }
    case 'facts':
      return ['', ...block.rows.map(([label, value]) => `  ${label}: ${value}`)];
    case 'bars': {
      const number = (value: number): string => `${value.toPrecision(3)}${block.unit ?? ''}`;
      const lines = block.bars.map(({ label, value, low = value, high = value, note }) => {
        return `  ${label}: ${number(value)} (${number(low)} to ${number(high)})${note === undefined ? '' : `, ${note}`}`;
      });
      return ['', block.title, ...lines];
    }
    case 'text':
      return ['', `  ${block.text}`];
    default:
      return [];
  }
}
