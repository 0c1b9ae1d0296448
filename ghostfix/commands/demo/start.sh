#!/bin/sh
# Starts one ghost runner with whatever Python comes first, outside its .venv.
cd "$(dirname "$0")/.." || exit 1
nohup @PYTHON@ -m gpt_cursor_runner.main @PORT@ >>logs/ghost-runner.log 2>&1 &
echo $! >>pids/started
