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
article { max-width: 1080px; margin: 0 auto; padding: 20px 16px 32px; }
section, header { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 14px 18px 16px; margin: 0 0 14px; }
header { border-left: 6px solid var(--soft); }
header.healthy { border-left-color: var(--good); } header.down { border-left-color: var(--bad); }
header.degraded { border-left-color: var(--warn); } header.unknown { border-left-color: var(--odd); }
h1 { font-size: 24px; line-height: 1.3; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 0 0 10px; } h3 { font-size: 15px; margin: 14px 0 6px; color: var(--soft); }
p { margin: 4px 0; } ul, ol { margin: 4px 0; padding-left: 22px; } .soft { color: var(--soft); }
code { font: 13px/1.5 ui-monospace, "Liberation Mono", Menlo, monospace; white-space: pre-wrap;
  background: var(--fill); border-radius: 4px; padding: 1px 4px; }
.word { font-weight: 700; } .word.healthy, .done, .undone { color: var(--good); }
.word.down, .error, .failed, .over { color: var(--bad); }
.word.degraded, .warning, .refused, .interrupted, .not-reached { color: var(--warn); }
.word.unknown { color: var(--odd); } .info, .unneeded { color: var(--soft); }
.note { border-left: 3px solid var(--mark); padding-left: 10px; }
details { border: 1px solid var(--line); border-radius: 6px; margin: 6px 0; padding: 8px 12px; }
summary { cursor: pointer; } details[open] > summary { margin-bottom: 6px; }
.tag { font-size: 12px; font-weight: 600; border: 1px solid currentColor; border-radius: 10px; padding: 0 8px;
  margin-right: 6px; white-space: nowrap; }
.tree ul { border-left: 1px solid var(--line); padding-left: 14px; margin-left: 6px; }
.tree, .tree ul { list-style: none; } .tree { padding-left: 0; } .tree li { margin: 4px 0; }
.row { display: grid; grid-template-columns: 130px 1fr 250px; gap: 4px 14px; align-items: center;
  padding: 5px 0; border-top: 1px solid var(--line); } .row:first-of-type { border-top: 0; }
.bar { height: 9px; border-radius: 5px; background: var(--fill); overflow: hidden; }
.bar > span { display: block; height: 100%; background: var(--mark); }
.bar > .beyond { background: var(--bad); }
.steps { list-style: none; padding: 0; } .steps li { padding: 7px 0; border-top: 1px solid var(--line); }
.steps li:first-child { border-top: 0; }
svg { display: block; max-width: 100%; height: auto; font: 13px system-ui, "Liberation Sans", sans-serif; }
svg text { fill: var(--ink); } svg .tick { fill: var(--soft); font-size: 11px; }
svg.narrow { display: none; } .box { fill: var(--fill); stroke: var(--line); }
.box.root { fill: var(--badfill); stroke: var(--bad); } .arrow { fill: none; stroke: var(--soft); }
.head { fill: var(--soft); } .grid { stroke: var(--line); } .mark { fill: var(--mark); }
.mark.traceback, .mark.failed, .mark.ended { fill: var(--bad); }
.mark.respawn, .mark.firing, .mark.refused { fill: var(--warn); }
.mark.done { fill: var(--good); }
@media (max-width: 720px) { article { padding: 10px 8px 20px; } section, header { padding: 12px; }
  svg.wide { display: none; } svg.narrow { display: block; }
  .row { grid-template-columns: 1fr; gap: 2px; } .bar { order: 3; margin-bottom: 3px; } }
@media print { :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --good: #126428;
  --bad: #a3131e; --warn: #6b4600; --odd: #5c2a90; --mark: #1c4f97; --fill: #f1f1f1; --badfill: #fbeaea; }
  body { font-size: 11pt; } article { max-width: none; padding: 0; break-after: page; }
  article:last-child { break-after: auto; }
  section, header { border-color: #bbb; } h2 { break-after: avoid; } details, svg, li { break-inside: avoid; }
  details::details-content { content-visibility: visible; display: block; } * { print-color-adjust: exact; } }
"""
