/** A report's sections as lines for a terminal: what the page shows, without its pictures and charts of points. */
import type { Block, Section, Table } from '@infnet/report';
import type { Timing } from './statistics.js';

/** Columns of a table. */
export const left = (title: string): Table['columns'][number] => ({ title, align: 'left' });
export const right = (title: string): Table['columns'][number] => ({ title, align: 'right' });

/** `1.50 s (1.25 to 2.00)` */
export function spread({ median, smallest, largest }: Timing, scale: number, unit: string, digits: number): string {
  const [middle, low, high] = [median, smallest, largest].map((value) => (value * scale).toFixed(digits));
  return `${middle} ${unit} (${low} to ${high})`;
}

export function sectionLines({ title, note, blocks }: Section): string[] {
  return ['', title, ...(note === undefined ? [] : [`  ${note}`]), ...blocks.flatMap(blockLines)];
}

function blockLines(block: Block): string[] {
  switch (block.kind) {
    case 'table':
      return ['', ...(block.title === undefined ? [] : [block.title]), ...tableLines(block)];
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

function tableLines({ columns, rows }: Table): string[] {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, i) => Math.max(...lines.map((cells) => cells[i]?.length ?? 0)));
  return lines.map((cells) => {
    const padded = columns.map(({ align }, i) => {
      const [cell, width] = [cells[i] ?? '', widths[i] as number];
      return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
    });
    return `  ${padded.join('  ')}`.trimEnd();
  });
}
