/**
 * Values under the pointer. Over each plot lies a probe: a slider for the keyboard and for screen readers (arrows go
 * from one x to the next, Home and End to the ends), a surface for the pointer. A series shows its point nearest to the
 * line, if that is within a hundredth of the plot.
 */
export const READOUT: string = `
const short = (value) => {
  const size = Math.abs(value);
  return size === 0 || (size >= 1e-4 && size < 1e7) ? String(Number(value.toPrecision(5))) : value.toExponential(3);
};
const fraction = (axis, value) => axis.log
  ? (Math.log10(value) - Math.log10(axis.min)) / (Math.log10(axis.max) - Math.log10(axis.min))
  : (value - axis.min) / (axis.max - axis.min);
const within = (at) => at >= -1e-6 && at <= 1 + 1e-6;
for (const figure of document.querySelectorAll('figure.lines')) {
  const source = figure.querySelector('.chart-data');
  if (!source) continue;
  const { x, y, series } = JSON.parse(source.textContent);
  const xs = [...new Set(series.flatMap((one) => one.points.map((point) => point[0])))]
    .filter((value) => within(fraction(x, value))).sort((a, b) => a - b);
  if (xs.length === 0) continue;
  const plot = figure.querySelector('.plot');
  const probe = make('div', 'probe', plot);
  probe.tabIndex = 0;
  probe.setAttribute('role', 'slider');
  probe.setAttribute('aria-label', 'Read values: ' + figure.querySelector('figcaption').textContent);
  probe.setAttribute('aria-valuemin', xs[0]);
  probe.setAttribute('aria-valuemax', xs[xs.length - 1]);
  let shown = [];
  let index = -1;
  const hide = () => { for (const element of shown) element.remove(); shown = []; };
  const describe = (i) => {
    const at = fraction(x, xs[i]);
    const found = [];
    for (const one of series) {
      let best;
      for (const point of one.points) {
        const far = Math.abs(fraction(x, point[0]) - at);
        if (far <= 0.01 && (!best || far < best.far)) best = { far, point };
      }
      if (best) found.push({ one, point: best.point });
    }
    return found;
  };
  const tell = (i) => {
    probe.setAttribute('aria-valuenow', xs[i]);
    probe.setAttribute('aria-valuetext', x.label + ' ' + short(xs[i]) + ': '
      + describe(i).map(({ one, point }) => one.name + ' ' + short(point[1])).join(', '));
  };
  const show = (i) => {
    hide();
    index = i;
    tell(i);
    const at = fraction(x, xs[i]);
    const line = make('div', 'crosshair', plot);
    line.style.left = 100 * at + '%';
    const box = make('div', 'readout', plot);
    box.setAttribute('aria-hidden', 'true');
    make('strong', '', box, (x.label + ' ' + short(xs[i])).trim());
    const body = make('tbody', '', make('table', '', box));
    shown = [line, box];
    for (const { one, point } of describe(i)) {
      const row = make('tr', '', body);
      const name = make('td', '', row);
      make('i', 'k' + one.colour, name);
      name.append(one.name);
      make('td', '', row, short(point[1]));
      const height = fraction(y, point[1]);
      if (!within(height)) continue;
      const dot = make('div', 'dot k' + one.colour, plot);
      dot.style.left = 100 * fraction(x, point[0]) + '%';
      dot.style.top = 100 * (1 - height) + '%';
      shown.push(dot);
    }
    // Beside the line, on the side with more room, and never beyond the plot's edge.
    const wide = plot.clientWidth;
    const left = at < 0.5 ? at * wide + 12 : at * wide - 12 - box.offsetWidth;
    box.style.left = Math.max(-24, Math.min(left, wide - box.offsetWidth)) + 'px';
  };
  const nearest = (event) => {
    const box = plot.getBoundingClientRect();
    const at = (event.clientX - box.left) / box.width;
    let best = 0;
    for (let i = 1; i < xs.length; i++) {
      if (Math.abs(fraction(x, xs[i]) - at) < Math.abs(fraction(x, xs[best]) - at)) best = i;
    }
    show(best);
  };
  tell(xs.length - 1);
  probe.addEventListener('pointermove', nearest);
  probe.addEventListener('pointerdown', nearest);
  probe.addEventListener('pointerleave', hide);
  probe.addEventListener('blur', hide);
  probe.addEventListener('focus', () => { if (probe.matches(':focus-visible')) show(index < 0 ? xs.length - 1 : index); });
  probe.addEventListener('keydown', (event) => {
    const last = xs.length - 1;
    const page = Math.max(1, Math.round(xs.length / 10));
    const to = {
      ArrowLeft: index - 1, ArrowDown: index - 1, ArrowRight: index + 1, ArrowUp: index + 1,
      PageDown: index - page, PageUp: index + page, Home: 0, End: last,
    }[event.key];
    if (event.key === 'Escape') hide();
    if (to === undefined) return;
    event.preventDefault();
    show(Math.max(0, Math.min(last, to)));
  });
}`;
