--- The script of a report: a click on a title orders a table, long tables show their
-- first rows at first, a product leads to the customers who have it, a customer to its
-- rows, and an id can be copied.
-- SPDX-License-Identifier: MIT
-- @module partnercenter.cli.formats.report.script

return [[
(function(){
"use strict";
var FIRST=20;
function all(css,from){return Array.prototype.slice.call((from||document).querySelectorAll(css));}
function make(name,text,click){
  var made=document.createElement(name);
  made.textContent=text;
  if(click){made.type="button";made.addEventListener("click",click);}
  return made;
}

// --- order ---
function key(row,i){
  var text=row.cells[i].textContent.trim();
  if(row.cells[i].classList.contains("t")||row.cells[i].tagName==="TH")return text;
  var number=parseFloat(text.replace(/[−]/g,"-").replace(/[^0-9.-]/g,""));
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
function orderable(table,changed){
  var heads=Array.prototype.slice.call(table.tHead.rows[0].cells);
  heads.forEach(function(head,i){
    var button=make("button",head.textContent,function(){
      var now=head.getAttribute("aria-sort");
      // Words from A, shares from the worst, counts from the most.
      var first=head.matches(".t,.s")?"ascending":"descending";
      var other=first==="ascending"?"descending":"ascending";
      var next=now===first?other:first;
      heads.forEach(function(each){each.removeAttribute("aria-sort");});
      head.setAttribute("aria-sort",next);
      order(table,i,next==="ascending"?1:-1);
      changed();
    });
    head.textContent="";
    head.appendChild(button);
  });
}

// --- the first rows of long tables ---
function shorten(table){
  var body=table.tBodies[0],count=body.rows.length,open=false;
  function show(){
    Array.prototype.forEach.call(body.rows,function(row,n){row.hidden=!open&&n>=FIRST;});
  }
  if(count<=FIRST)return function(){};
  var words=make("span","");
  words.setAttribute("role","status");
  var button=make("button","",function(){open=!open;say();show();});
  function say(){
    button.textContent=open?"Show the first "+FIRST:"Show all "+count.toLocaleString("en");
    words.textContent=open?"All "+count.toLocaleString("en")+" rows are shown."
      :"The first "+FIRST+" of "+count.toLocaleString("en")+" rows are shown.";
  }
  var note=make("p","");
  note.className="note";
  note.append(button,words);
  table.closest(".scroll").after(note);
  say();
  show();
  return show;
}

// --- who has a product ---
var section=null;
function who(link){
  var title="Customers with "+link.textContent;
  if(section)section.remove();
  section=document.createElement("section");
  section.innerHTML="<h2 id='who' tabindex='-1'></h2><div class='scroll' tabindex='0' "
    +"role='region' aria-labelledby='who'><table class='order top'><caption></caption>"
    +"<thead></thead></table></div>";
  section.querySelector("h2").textContent=title;
  section.querySelector("caption").textContent="Licences by customer of "+link.textContent;
  var table=section.querySelector("table"),body=table.createTBody();
  all('.rows a[href="'+link.getAttribute("href")+'"]').forEach(function(each){
    var customer=each.closest("details");
    var row=each.closest("tr"),from=row.closest("table");
    if(!table.tHead.rows.length){
      var head=table.tHead.appendChild(from.tHead.rows[0].cloneNode(true));
      head.cells[0].textContent="Customer";
      Array.prototype.forEach.call(head.cells,function(cell){
        if(/%$/.test(cell.textContent))cell.className="s";
      });
      if(from.matches(".w")){table.classList.add("w");}
    }
    // A product has as many rows as workloads.
    for(var n=each.closest("th").rowSpan,first=true;n>0;n--,first=false){
      var copy=body.appendChild(row.cloneNode(true));
      if(first)copy.cells[0].remove();
      var name=copy.insertBefore(document.createElement("th"),copy.firstChild);
      var title=customer.querySelector("summary").firstChild.textContent;
      var to=name.appendChild(make("a",title));
      name.scope="row";
      to.href="#"+customer.querySelector(".scroll").id;
      row=row.nextElementSibling;
    }
  });
  document.getElementById("products").closest("section").after(section);
  var left=Array.prototype.findIndex.call(table.tHead.rows[0].cells,function(cell){
    return !cell.classList.contains("t");
  });
  table.tHead.rows[0].cells[left].setAttribute("aria-sort","descending");
  order(table,left,-1);
  orderable(table,shorten(table));
  section.scrollIntoView();
  section.querySelector("h2").focus({preventScroll:true});
}

// --- what the address says ---
function follow(){
  var id=location.hash.slice(1);
  if(/^p\d+$/.test(id)){
    var link=document.querySelector('.rows a[href="#'+id+'"]');
    if(link)who(link);
  }else if(/^c\d+$/.test(id)){
    var place=document.getElementById(id);
    if(!place)return;
    place.closest("details").open=true;
    place.closest("details").scrollIntoView();
    place.focus({preventScroll:true});
  }
}

// --- an id for the clipboard ---
function copyable(line){
  var id=line.textContent;
  var button=make("button","Copy id",function(){
    var area=document.createElement("textarea");
    area.value=id;
    document.body.appendChild(area);
    area.select();
    var done=document.execCommand("copy"); // also from a file, where there is no clipboard
    area.remove();
    button.focus();
    button.textContent=done?"Copied":"Not copied";
  });
  button.setAttribute("aria-live","polite");
  line.appendChild(button);
}

all("table.order").forEach(function(table){
  orderable(table,table.classList.contains("top")?shorten(table):function(){});
});
document.addEventListener("toggle",function(event){
  var line=event.target.matches("details")&&event.target.querySelector(".id");
  if(line&&!line.querySelector("button"))copyable(line);
},true);
addEventListener("hashchange",follow);
// The same link once more is no change of the address.
document.addEventListener("click",function(event){
  var link=event.target.closest&&event.target.closest("a[href^='#']");
  if(link&&link.hash===location.hash)follow();
});
follow();
})();
]]
