--- The style of a report.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.report.style

return [[
:root{color-scheme:light dark;--ink:#1b2430;--soft:#4d5a69;--paper:#fff;--panel:#f3f6f9;
--line:#c6cfd9;--edge:#7b8794;--track:#d5dde6;--fill:#1b5fb8;--link:#1b5fb8;
--low:#b3380a;--mid:#855408;--high:#146c34;--warn:#8a2b00;--warnbg:#fff1e6}
@media (prefers-color-scheme:dark){:root{--ink:#e7edf3;--soft:#aab6c3;--paper:#12181f;
--panel:#1b232c;--line:#36424f;--edge:#8793a0;--track:#35414e;--fill:#6fb0ff;--link:#8cc0ff;
--low:#ff9a62;--mid:#f0c04a;--high:#58d68d;--warn:#ffb98a;--warnbg:#3a2314}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0 auto;max-width:70rem;padding:1.25rem;font:16px/1.45 system-ui,sans-serif;
color:var(--ink);background:var(--paper)}
h1{font-size:1.7rem;margin:.2rem 0}h2{font-size:1.2rem;margin:2rem 0 .6rem}
a{color:var(--link)}
.about{color:var(--soft);margin:0;overflow-wrap:anywhere}
.warn{color:var(--warn);background:var(--warnbg);border:1px solid;border-radius:.4rem;
padding:.5rem .8rem;margin-top:.8rem;overflow-wrap:anywhere}
.warn ul{margin:.3rem 0 0;padding-left:1.2rem}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;margin:1rem 0 0;padding:0}
.act{margin:0 0 .8rem;font-size:1.1rem}.act strong{font-size:2.4rem;line-height:1.1;
font-variant-numeric:tabular-nums;margin-right:.3rem}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.7rem;margin:0}
dl div{background:var(--panel);border-radius:.5rem;padding:.6rem .7rem}
dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-size:1.35rem;font-weight:600;
font-variant-numeric:tabular-nums}
.low{color:var(--low)}.mid{color:var(--mid)}.high{color:var(--high)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.95rem}
caption{text-align:left;color:var(--soft);font-size:.85rem;padding:0 0 .4rem}
th,td{padding:.35rem .5rem;border-bottom:1px solid var(--line);text-align:right;
font-variant-numeric:tabular-nums;white-space:nowrap;vertical-align:top}
thead th{color:var(--soft);vertical-align:bottom}
tbody th{font-weight:400;white-space:normal;width:50%}
th.t,td.t,tbody th,.w td:nth-last-child(5){text-align:left}td.t{white-space:normal}
.wide table{min-width:36rem}.wide tbody th{width:auto}
.rows thead th{font-weight:500}
.rows tbody th{min-width:10rem;overflow-wrap:normal}
th button{font:inherit;font-weight:600;color:inherit;background:none;border:0;padding:.3rem 0;
cursor:pointer;text-align:inherit;white-space:nowrap}
p>button{font:inherit;color:var(--link);background:var(--panel);border:1px solid var(--edge);
border-radius:.4rem;padding:.2rem .7rem;cursor:pointer}
:focus-visible{outline:2px solid var(--fill);outline-offset:2px}
th button::after{content:" \2195";opacity:.6}
th[aria-sort=ascending] button::after{content:" \2191";opacity:1}
th[aria-sort=descending] button::after{content:" \2193";opacity:1}
.bar{display:block;height:.65rem;margin-top:.2rem}
.bar>span{display:block;height:100%;min-width:3px;background:var(--track);
border:1px solid var(--edge);border-radius:2px;overflow:hidden}
.bar i{display:block;height:100%;background:var(--fill)}
.key{display:inline-block;width:.9em;height:.7em;border:1px solid var(--edge);border-radius:2px;
background:var(--track)}.key.f{background:var(--fill)}
details{border-bottom:1px solid var(--line)}
summary{cursor:pointer;padding:.4rem 0}summary span{color:var(--soft);font-size:.9rem;
font-variant-numeric:tabular-nums;margin-left:.4rem}
summary:hover,tbody tr:hover{background:var(--panel)}
.id{color:var(--soft);font-size:.9rem;margin:.2rem 0 .6rem;overflow-wrap:anywhere}
.id button{margin-left:.6rem}
.note{color:var(--soft);font-size:.9rem;margin:.5rem 0 0}.note button{margin-right:.6rem}
footer{margin-top:2rem;color:var(--soft);font-size:.85rem}
@media (max-width:34rem){body{padding:.8rem;font-size:15px}.more{display:none}
th,td{padding:.35rem .3rem}table{font-size:.88rem}tbody th{width:52%;overflow-wrap:anywhere}
dl{grid-template-columns:1fr 1fr}dd{font-size:1.25rem}.act strong{font-size:2rem}
th button{white-space:normal}th button::after{content:""}
th[aria-sort] button::after{margin-left:.1em}}
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--paper:#fff;--panel:#fff;
--line:#999;--edge:#555;--track:#e4e4e4;--fill:#1b5fb8;--link:#000;--low:#b3380a;--mid:#855408;
--high:#146c34}
body{max-width:none;padding:0;font-size:10pt}dl div{border:1px solid var(--line)}
a{text-decoration:none}nav,p>button{display:none}
.bar *,.key{-webkit-print-color-adjust:exact;print-color-adjust:exact}
h2,caption,thead,summary{break-after:avoid}
tr,thead{break-inside:avoid}thead{display:table-header-group}th button{display:contents}
th button::after{content:""!important}
details:not([open]){display:none}
.scroll{overflow:visible}}
]]
