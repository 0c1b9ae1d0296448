"""The tools that an assistant may call, one a file; the order is that in which they are listed."""

from ghostfix.commands.mcp.tool import Tool
from ghostfix.commands.mcp.tools import apply_repair, diagnose, explain, plan_repair, report, why

TOOLS: tuple[Tool, ...] = (
    diagnose.TOOL,
    why.TOOL,
    explain.TOOL,
    report.TOOL,
    plan_repair.TOOL,
    apply_repair.TOOL,
)
