"""The style of an HTML report: light and dark, a desk, a phone and paper; nothing from the network."""

STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1c2128; --soft: #59636e;
  --line: #d5dae0; --good: #1a7f37; --bad: #c52530; --warn: #8a5a00; --odd: #7a3fb5; --mark: #2563b8;
  --fill: #eef2f6; --badfill: #fdeced; }
@media (prefers-color-scheme: dark) { :root { --page: #0e1217; --card: #171c23; --ink: #e4e9ef;
  --soft: #9aa5b1; --line: #323a45; --good: #4cc06a; --bad: #ff7a7f; --warn: #e3b04b; --odd: #c496f5;
  --mark: #6aa8f7; --fill: #212832; --badfill: #3a1f24; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
article { max-width: 1080px; margin: 0 auto; padding: 24px 16px 32px; }
section, header { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 16px 20px 18px; margin: 0 0 14px; }
header { border-top: 5px solid var(--soft); }
header.healthy { border-top-color: var(--good); } header.down { border-top-color: var(--bad); }
header.degraded { border-top-color: var(--warn); } header.unknown { border-top-color: var(--odd); }
h1 { font-size: 26px; line-height: 1.3; margin: 0 0 2px; display: flex; flex-wrap: wrap; gap: 4px 14px;
  align-items: center; }
h2 { font-size: 17px; margin: 0 0 10px; }
p { margin: 4px 0; } ul, ol { margin: 4px 0; padding-left: 22px; } .soft { color: var(--soft); }
.small { font-size: 13px; margin-top: 12px; } .lead { margin-top: 10px; }
code { font: 13px/1.5 ui-monospace, "Liberation Mono", Menlo, monospace; white-space: pre-wrap;
  background: var(--fill); border-radius: 4px; padding: 1px 4px; box-decoration-break: clone;
  -webkit-box-decoration-break: clone; }
pre { font: 12px/1.5 ui-monospace, "Liberation Mono", Menlo, monospace; white-space: pre-wrap;
  background: var(--fill); border-radius: 6px; padding: 8px 10px; margin: 6px 0 0; }
.verdict { font-size: 15px; line-height: 1; letter-spacing: .06em; text-transform: uppercase; color: #fff;
  border-radius: 6px; padding: 7px 12px; background: var(--soft); } .verdict.healthy { background: #1a7f37; }
.verdict.down { background: #c52530; } .verdict.degraded { background: #8a5a00; }
.verdict.unknown { background: #7a3fb5; }
.word { font-weight: 700; } .word.healthy, .done, .undone { color: var(--good); } .word.down, .error,
.failed, .over { color: var(--bad); }
.word.unknown { color: var(--odd); }
.word.degraded, .warning, .refused, .interrupted, .not-reached { color: var(--warn); }
.info, .unneeded { color: var(--soft); }
.note { border-left: 3px solid var(--mark); padding-left: 10px; margin-top: 10px; }
.next { list-style: none; padding: 0; } .next li { margin: 4px 0; } .next code { font-weight: 600; }
.next li:first-child code { background: var(--mark); color: var(--card); }
details { border-top: 1px solid var(--line); padding: 9px 2px; } details:last-of-type { padding-bottom: 0; }
h2 + details { border-top: 0; } details > :not(summary) { margin-left: 94px; }
summary { cursor: pointer; list-style: none; display: grid; grid-template-columns: 82px 1fr auto 12px;
  gap: 2px 12px; align-items: baseline; } summary::-webkit-details-marker { display: none; }
summary::after { content: "+"; color: var(--soft); font-weight: 700; }
details[open] > summary::after { content: "−"; } details[open] > summary { margin-bottom: 6px; }
summary:hover .said { text-decoration: underline; } .said { font-weight: 600; } .code { font-size: 13px; }
.tag { font-size: 12px; font-weight: 600; border: 1px solid currentColor; border-radius: 10px; padding: 0 8px;
  margin-right: 6px; white-space: nowrap; justify-self: start; }
.tree, .tree ul { list-style: none; padding-left: 0; } .tree ul { margin: 0 0 0 7px; }
.tree li { margin: 0; padding: 3px 0; } .tree > li + li { margin-top: 8px; }
.tree ul > li { position: relative; padding-left: 20px; border-left: 1px solid var(--line); }
.tree ul > li:last-child { border-left-color: transparent; }
.tree ul > li::before { content: ""; position: absolute; left: -1px; top: 0; width: 14px; height: 15px;
  border-left: 1px solid var(--line); border-bottom: 1px solid var(--line); }
.pid { color: var(--mark); }
.row { display: grid; grid-template-columns: 120px 1fr 320px; gap: 4px 16px; align-items: center;
  padding: 5px 0; border-top: 1px solid var(--line); } .row:first-of-type { border-top: 0; }
.bar { height: 9px; border-radius: 5px; background: var(--fill); overflow: hidden; }
.bar > span { display: block; height: 100%; border-radius: 5px; background: var(--mark); }
.bar > .beyond { background: var(--bad); }
.steps { list-style: none; padding: 0; } .steps li { padding: 8px 0; border-top: 1px solid var(--line); }
.steps li:first-child { border-top: 0; padding-top: 0; }
svg { display: block; max-width: 100%; height: auto; font: 13px system-ui, "Liberation Sans", sans-serif; }
svg text { fill: var(--ink); } svg .tick { fill: var(--soft); font-size: 11px; }
svg.narrow, svg.paper { display: none; } .box { fill: var(--fill); stroke: var(--line); }
.box.root { fill: var(--badfill); stroke: var(--bad); } .arrow { fill: none; stroke: var(--soft); }
.head { fill: var(--soft); } .grid { stroke: var(--line); } .mark { fill: var(--mark); }
.mark.traceback, .mark.failed, .mark.ended { fill: var(--bad); }
.mark.respawn, .mark.firing, .mark.refused { fill: var(--warn); } .mark.unneeded, .mark.not-reached {
  fill: var(--soft); } .mark.done { fill: var(--good); }
@media screen and (max-width: 720px) { article { padding: 10px 8px 20px; }
  section, header { padding: 12px 14px 14px; } svg.wide { display: none; } svg.narrow { display: block; }
  summary { grid-template-columns: auto 1fr 12px; } .said { grid-column: 1 / -1; grid-row: 2; }
  details > :not(summary) { margin-left: 0; }
  .row { grid-template-columns: 1fr; gap: 2px; } .bar { order: 3; margin-bottom: 3px; } }
@media print { :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --good: #126428;
  --bad: #a3131e; --warn: #6b4600; --odd: #5c2a90; --mark: #1c4f97; --fill: #f1f1f1; --badfill: #fbeaea; }
  @page { margin: 14mm; } body { font-size: 10pt; } code { font-size: 9pt; }
  article { max-width: none; padding: 0; break-after: page; } article:last-child { break-after: auto; }
  section, header { border-width: 1px 0 0; border-radius: 0; padding: 8px 0 10px; margin: 0; }
  header { border-top-width: 5px; } h2 { break-after: avoid; } summary::after { content: none; }
  details, svg, li, .row, .bar { break-inside: avoid; } details::details-content {
  content-visibility: visible; display: block; } summary { margin-bottom: 4px; }
  details > summary { grid-template-columns: 82px 1fr auto; } svg.wide { display: none; }
  svg.paper { display: block; } .row { grid-template-columns: 110px 1fr 290px; padding: 3px 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
