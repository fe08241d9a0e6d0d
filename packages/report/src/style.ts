/**
 * The page's look. Sizes are in rem, which grows a little with the window, so that a wall is as readable as a phone.
 */
const PALETTE = {
  light: ['#1f69b3', '#c4500a', '#0f7f58', '#a23a8b', '#876400', '#b3263a', '#6848b8', '#51606e'],
  dark: ['#70b3f2', '#f39a5c', '#52c99c', '#e392cf', '#d8b84e', '#f2909a', '#b3a0f7', '#a9b6c2'],
} as const;

const LIGHT = `--page:#fff;--panel:#f6f7f8;--ink:#1b2127;--soft:#56616c;--line:#dce0e4;--strong:#8b96a0;--accent:#1f5f9e;--row:#eaf1f8;${colours(PALETTE.light)}`;
const DARK = `--page:#14171a;--panel:#1b1f23;--ink:#e4e8eb;--soft:#a0aab3;--line:#30363c;--strong:#6d7882;--accent:#86bdf3;--row:#1d2a38;${colours(PALETTE.dark)}`;

function colours(palette: readonly string[]): string {
  return palette.map((colour, i) => `--k${i}:${colour}`).join(';');
}

export const STYLE: string = `
:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
${PALETTE.light.map((_, i) => `.k${i}{color:var(--k${i})}`).join('')}
*,*::before,*::after{box-sizing:border-box}
html{font-size:clamp(16px,11px + .3vw,22px);-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0 auto;max-width:100rem;padding:0 clamp(1rem,4vw,3.5rem);background:var(--page);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
h1,h2,h3,p,dl,dd,ul,figure,pre{margin:0}
ul{padding:0;list-style:none}
a{color:var(--accent);text-underline-offset:.18em}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:2px}
main:focus{outline:none}
.definitions{position:absolute}
.skip{position:absolute;left:-99rem;top:0;padding:.5rem 1rem;background:var(--page);z-index:2}
.skip:focus{left:0}
header{padding:clamp(2rem,5vw,4rem) 0 1.25rem}
h1{font-size:clamp(1.5rem,1.2rem + 1.4vw,2.15rem);line-height:1.2;font-weight:650;letter-spacing:-.015em;text-wrap:balance}
header p{margin-top:.5rem;color:var(--soft);max-width:72ch}
nav{padding:.75rem 0;border-block:1px solid var(--line)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem}
nav a{text-decoration:none;font-size:.925rem}
nav a:hover{text-decoration:underline}
section{padding-top:clamp(2rem,4vw,3.25rem)}
h2{font-size:1.3rem;line-height:1.3;font-weight:630;letter-spacing:-.008em}
h3{font-size:1rem;font-weight:600;line-height:1.35}
section>.note{margin-top:.35rem;max-width:72ch;color:var(--soft)}
.blocks{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,31rem),1fr));gap:2.25rem clamp(1.5rem,3vw,3rem);margin-top:1.25rem;align-items:start}
.blocks>*{min-width:0}
.wide{grid-column:1/-1}
.text{max-width:72ch}
.text p+p{margin-top:.8em}
pre{padding:.9rem 1.1rem;background:var(--panel);border-radius:4px;font:.85rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,13rem),1fr));gap:0 2rem}
.facts>div{padding:.55rem 0;border-bottom:1px solid var(--line)}
dt{font-size:.8rem;color:var(--soft)}
dd{font-weight:550;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding-bottom:.5rem}
th,td{padding:.42rem .9rem .42rem 0;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--line)}
.scroll th,.scroll td{padding-inline:.7rem}
thead th{color:var(--soft);font-weight:550;font-size:.82rem;border-bottom-color:var(--strong);vertical-align:bottom}
tbody th{font-weight:500}
.right{text-align:right;white-space:nowrap}
.emphasised>*{background:var(--row);font-weight:650}
.chart{max-width:60rem}
.chart>figcaption{font-weight:600;line-height:1.35}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin-top:.4rem;font-size:.85rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.swatch{flex:none}
.y-label,.x-label{font-size:.8rem;color:var(--soft)}
.y-label{margin-top:.7rem}
.x-label{text-align:center}
.plot{position:relative;height:17rem}
.roofline .plot{height:24rem}
.drawing{display:block;width:100%;height:100%;overflow:visible}
.drawing text,.bar-cell text{font-size:.75rem;fill:var(--soft);font-variant-numeric:tabular-nums}
.grid{stroke:var(--line);stroke-width:1}
.base{stroke:var(--strong);stroke-width:1}
.curve{fill:none;stroke:currentColor;stroke-width:1.9;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
.curve.dashed{stroke-dasharray:6 5}
.solid{fill:currentColor;stroke:var(--page);stroke-width:1}
.hollow{fill:var(--page);stroke:currentColor;stroke-width:1.6}
.mark{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3}
.drawing .mark-label{fill:var(--ink)}
.ceiling{stroke:var(--soft);stroke-width:1.5}
.drawing .ceiling-label,.drawing .spot-number{paint-order:stroke;stroke:var(--page);stroke-width:4;stroke-linejoin:round;fill:var(--ink)}
.spot{fill:var(--k0)}
.drawing .spot-number{stroke:none;fill:var(--page);font-weight:650;font-size:.7rem}
.empty{color:var(--soft);font-style:italic}
.plot:has(.empty){height:6rem}
.plot .empty{position:absolute;inset:0;display:grid;place-content:center}
.chart-note{margin-top:.4rem;font-size:.82rem;color:var(--soft);max-width:72ch}
details{margin-top:.6rem;font-size:.85rem}
summary{cursor:pointer;color:var(--soft);width:max-content;padding:.15rem 0}
details caption{font-weight:500;color:var(--soft)}
.roofline .scroll{margin-top:1rem}
.bar-table{width:100%;margin-top:.6rem;table-layout:auto}
.bar-table th,.bar-table td{border:0;padding-block:.2rem;vertical-align:middle}
.bar-table th{max-width:14rem;line-height:1.3}
.bar-table .right{padding-right:0}
.bar-cell{width:60%}
.bar-cell svg{display:block;width:100%;height:1.6rem;overflow:visible}
.bar-table tbody .bar-cell{position:relative;height:2.2rem}
.bar-table tbody svg{position:absolute;inset:0 .9rem 0 0;width:calc(100% - .9rem);height:100%}
.bar-table tfoot td{vertical-align:top}
tfoot{color:var(--soft);font-size:.75rem}
.bar{stroke:var(--k0);stroke-width:1.05rem}
.whisker{stroke:var(--ink);stroke-width:1.5}
.note,.interval{color:var(--soft)}
.bar-table .note,.interval{display:block;font-size:.78rem;font-weight:400;line-height:1.3}
.pictures{display:grid;gap:1.75rem}
.pictures li{display:grid;grid-template-columns:13rem 1fr;gap:.75rem 1.5rem}
.about p{margin-top:.2rem;font-size:.85rem;color:var(--soft)}
.strip{display:flex;flex-wrap:wrap;gap:1rem}
.strip figure{width:min(var(--picture),calc(50% - .5rem))}
.strip img{display:block;width:100%;height:auto;background:#000}
.coarse{image-rendering:pixelated}
.strip .enlarge{display:block;cursor:zoom-in}
.strip figcaption{margin-top:.35rem;font-size:.8rem;line-height:1.35;color:var(--soft)}
.strip figcaption span{display:block}
.strip .column{color:var(--ink)}
.close{display:none}
.strip figure:target{position:fixed;width:auto;inset:0;z-index:3;display:grid;grid-template-rows:1fr auto auto;gap:.75rem;padding:1.5rem;background:var(--page);justify-items:center}
.strip figure:target .enlarge{min-height:0;width:100%;cursor:default}
.strip figure:target img{width:100%;height:100%;object-fit:contain;background:none}
.strip figure:target .close{display:inline}
dialog{width:100%;height:100%;max-width:none;max-height:none;border:0;padding:1rem;background:var(--page);color:var(--ink)}
dialog[open]{display:grid;grid-template-rows:auto 1fr;gap:.75rem}
dialog::backdrop{background:var(--page)}
.dialog-bar{display:flex;align-items:center;gap:.5rem}
.dialog-bar p{flex:1;font-weight:600}
.stage{min-height:0;display:grid;place-items:center;overflow:auto}
.stage img{display:block;margin:auto;background:#000}
button{font:inherit;font-size:.875rem;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:4px;padding:.35rem .8rem;cursor:pointer}
button:hover{border-color:var(--strong)}
.probe{position:absolute;inset:0;z-index:1;cursor:crosshair;touch-action:pan-y}
.crosshair{position:absolute;top:0;bottom:0;width:1px;background:var(--strong);pointer-events:none}
.dot{position:absolute;width:9px;height:9px;margin:-4.5px;border-radius:50%;background:currentColor;box-shadow:0 0 0 2px var(--page);pointer-events:none}
.readout{position:absolute;top:.25rem;padding:.45rem .65rem;background:var(--page);border:1px solid var(--line);border-radius:4px;font-size:.8rem;line-height:1.45;pointer-events:none;z-index:1;box-shadow:0 2px 8px rgb(0 0 0/.12);white-space:nowrap}
.readout table{font-size:inherit}
.readout td{border:0;padding:0 .6rem 0 0}
.readout td:last-child{padding:0;text-align:right}
.readout i{display:inline-block;width:.7em;height:.7em;border-radius:50%;background:currentColor;margin-right:.45em}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.refresh{display:flex;align-items:center;gap:.75rem;flex-wrap:wrap;margin-top:.9rem;font-size:.875rem;color:var(--soft)}
footer{margin-top:clamp(2.5rem,5vw,4rem);padding:1rem 0 2.5rem;border-top:1px solid var(--line);font-size:.82rem;color:var(--soft)}
main{padding-bottom:1rem}
@media (max-width:46rem){
.optional{display:none}
.pictures li{grid-template-columns:1fr}
.plot{height:14rem}
.roofline .plot{height:19rem}
.bar-cell{width:45%}
}
@media print{
:root{${LIGHT}}
html{font-size:10pt}
body{max-width:none;padding:0}
nav,.skip,.refresh,summary,dialog{display:none}
h2,h3,figcaption{break-after:avoid}
figure,tr,.pictures li{break-inside:avoid}
section{padding-top:1.5rem}
.scroll{overflow:visible}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`.trim();
