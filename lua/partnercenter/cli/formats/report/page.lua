--- How a report looks and what it does in a browser: its style and its script.
-- Both stand in the page itself; the page asks nothing of any network.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.report.page

local M = {}

--- The style.
M.style = [[
:root{color-scheme:light dark;--ink:#1b2430;--soft:#4d5a69;--paper:#fff;--panel:#f3f6f9;
--line:#c6cfd9;--edge:#7b8794;--track:#d5dde6;--fill:#1b5fb8;--warn:#8a2b00;--warnbg:#fff1e6}
@media (prefers-color-scheme:dark){:root{--ink:#e7edf3;--soft:#aab6c3;--paper:#12181f;
--panel:#1b232c;--line:#36424f;--edge:#8793a0;--track:#35414e;--fill:#6fb0ff;--warn:#ffb98a;
--warnbg:#3a2314}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1.25rem;font:16px/1.45 system-ui,sans-serif;
color:var(--ink);background:var(--paper)}
h1{font-size:1.7rem;margin:.2rem 0}h2{font-size:1.2rem;margin:2rem 0 .6rem}
.about{color:var(--soft);margin:0;overflow-wrap:anywhere}
.warn{color:var(--warn);background:var(--warnbg);border:1px solid;border-radius:.4rem;
padding:.5rem .8rem;margin-top:.8rem;overflow-wrap:anywhere}
.warn ul{margin:.3rem 0 0;padding-left:1.2rem}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.7rem;margin:0}
dl div{background:var(--panel);border-radius:.5rem;padding:.6rem .7rem}
dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-size:1.35rem;font-weight:600;
font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.95rem}
caption{text-align:left;color:var(--soft);font-size:.85rem;padding:0 0 .4rem}
th,td{padding:.35rem .5rem;border-bottom:1px solid var(--line);text-align:right;
font-variant-numeric:tabular-nums;white-space:nowrap;vertical-align:top}
thead th{color:var(--soft);vertical-align:bottom}
tbody th{font-weight:400;white-space:normal;width:55%}
th.t,td.t,tbody th{text-align:left}td.t{white-space:normal}
.wide table{table-layout:fixed;min-width:36rem}.wide th{width:auto}.wide th.t{width:27%}
.wide tbody th{overflow-wrap:normal}
th button{font:inherit;font-weight:600;color:inherit;background:none;border:0;padding:.3rem 0;
cursor:pointer;text-align:inherit;white-space:nowrap}
th button:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--fill);
outline-offset:2px}
th button::after{content:" \2195";opacity:.6}
th[aria-sort=ascending] button::after{content:" \2191";opacity:1}
th[aria-sort=descending] button::after{content:" \2193";opacity:1}
.bar{display:block;height:.65rem;margin-top:.2rem}
.bar>span{display:block;height:100%;min-width:3px;background:var(--track);
border:1px solid var(--edge);border-radius:2px;overflow:hidden}
.bar i{display:block;height:100%;background:var(--fill)}
.key{display:inline-block;width:.9em;height:.7em;border:1px solid var(--edge);border-radius:2px;
background:var(--track)}.key.f{background:var(--fill)}
summary{cursor:pointer;padding:.4rem 0}
footer{margin-top:2rem;color:var(--soft);font-size:.85rem}
@media (max-width:34rem){body{padding:.8rem;font-size:15px}.left{display:none}
th,td{padding:.35rem .3rem}table{font-size:.88rem}tbody th{width:46%;overflow-wrap:anywhere}
dl{grid-template-columns:1fr 1fr}dd{font-size:1.25rem}
th button::after{content:""}th[aria-sort] button::after{margin-left:.1em}}
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--paper:#fff;--panel:#fff;
--line:#999;--edge:#555;--track:#e4e4e4;--fill:#1b5fb8}
body{max-width:none;padding:0;font-size:10pt}dl div{border:1px solid var(--line)}
.bar *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
h2,caption,thead{break-after:avoid}
tr{break-inside:avoid}thead{display:table-header-group}th button::after{content:""!important}
.scroll{overflow:visible}}
]]

--- The script: a button in the head of each column orders the rows. Without it
-- the page is whole, in the order it was written in.
M.script = [[
(function(){
"use strict";
function key(row,i){
  var text=row.cells[i].textContent.trim();
  if(row.cells[i].classList.contains("t")||row.cells[i].tagName==="TH")return text;
  var number=parseFloat(text.replace(/[^0-9.-]/g,""));
  return isNaN(number)?null:number;
}
function order(table,i,sign){
  var body=table.tBodies[0];
  var rows=Array.prototype.map.call(body.rows,function(row,n){return{row:row,n:n,key:key(row,i)};});
  var words=new Intl.Collator(undefined,{numeric:true});
  rows.sort(function(a,b){
    if(a.key===null||b.key===null)return a.key===b.key?a.n-b.n:a.key===null?1:-1;
    var c=typeof a.key==="string"?words.compare(a.key,b.key):a.key-b.key;
    return c*sign||a.n-b.n;
  });
  table.removeChild(body); // out of the page, where moving rows costs little
  rows.forEach(function(entry){body.appendChild(entry.row);});
  table.appendChild(body);
}
document.querySelectorAll("table").forEach(function(table){
  var heads=Array.prototype.slice.call(table.tHead.rows[0].cells);
  heads.forEach(function(head,i){
    var button=document.createElement("button");
    button.type="button";
    button.textContent=head.textContent;
    head.textContent="";
    head.appendChild(button);
    button.addEventListener("click",function(){
      var now=head.getAttribute("aria-sort");
      var first=head.classList.contains("t")?"ascending":"descending";
      var other=first==="ascending"?"descending":"ascending";
      var next=now===first?other:first;
      heads.forEach(function(each){each.removeAttribute("aria-sort");});
      head.setAttribute("aria-sort",next);
      order(table,i,next==="ascending"?1:-1);
    });
  });
});
})();
]]

--- What the page's policy knows the script by: the SHA-256 of a line break and it.
M.script_hash = "sha256-n4+aSZZcq+xQmLsCu6WuWcXC8L5msQQcwpcGVMKChAw="

return M
