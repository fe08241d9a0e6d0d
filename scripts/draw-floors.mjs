/** The floors as Markdown: a table, and a drawing that GitHub renders (Mermaid). */

/** `room` as a node's name: letters only. */
const idOf = (room) => room.replaceAll(/[^a-z]/g, '_');

/** The table of the floors: number, rooms, what lives there. */
export function table(floors, graph) {
  const rows = floors.flatMap(({ floor, rooms, what }) => {
    const names = rooms.filter((room) => graph.has(room)).map((room) => `\`${room}\``);
    return names.length === 0 ? [] : [`| ${floor} | ${names.join(', ')} | ${what} |`];
  });
  return ['| floor | packages | what lives there |', '|---|---|---|', ...rows].join('\n');
}

/** Everything that can be reached from `room`. */
function reach(graph, room, seen = new Set()) {
  for (const next of graph.get(room) ?? []) {
    if (seen.has(next)) continue;
    seen.add(next);
    reach(graph, next, seen);
  }
  return seen;
}

/**
 * One arrow from a room to each room that it imports, unless a longer way leads there too.
 */
export function draw(floors, graph) {
  const lines = ['```mermaid', 'flowchart TD'];
  for (const { floor, rooms } of floors) {
    const there = rooms.filter((room) => graph.has(room));
    if (there.length === 0) continue;
    lines.push(
      `  subgraph floor_${floor.replace('.', '_')}["${floor}"]`,
      ...there.map((room) => `    ${idOf(room)}["${room}"]`),
      '  end',
    );
  }
  for (const [room, imports] of graph) {
    const others = [...graph.keys()].filter((other) => imports.has(other));
    for (const other of others) {
      if (others.some((way) => way !== other && reach(graph, way).has(other))) continue;
      lines.push(`  ${idOf(room)} --> ${idOf(other)}`);
    }
  }
  return [...lines, '```'].join('\n');
}

/** `text` with what stands between `<!-- name -->` and `<!-- /name -->` replaced. */
export function replaceBetween(text, name, content) {
  const [begin, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${begin.trim()} and ${end.trim()} are missing`);
  return text.slice(0, from + begin.length) + content + text.slice(to);
}
