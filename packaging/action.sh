#!/usr/bin/env bash
# The one step of action.yml: an environment, one look, its annotations and step summary, and the outputs.
set -euo pipefail

environment="$RUNNER_TEMP/ghostfix-environment"
package="${GHOSTFIX_PACKAGE:-$GITHUB_ACTION_PATH}"
if [[ ! -x $environment/bin/ghostfix ]]; then
  "$GHOSTFIX_PYTHON" -m venv "$environment"
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "$package"
fi
report="$(mktemp -d "$RUNNER_TEMP/ghostfix-XXXXXX")/report.json"

words=(--wait-healthy "$GHOSTFIX_WAIT_HEALTHY")
[[ -z $GHOSTFIX_CONFIG ]] || words+=(--config "$GHOSTFIX_CONFIG")
[[ $GHOSTFIX_FAIL_ON == never ]] || words+=(--fail-on "$GHOSTFIX_FAIL_ON")
[[ -z $GHOSTFIX_SERVICE ]] || words+=(-- "$GHOSTFIX_SERVICE")

# What was seen is kept as a snapshot, and judged twice: as annotations, and as the report.
code=0
snapshot="${report%.json}.snapshot"
"$environment/bin/ghostfix" diagnose --format github --save-snapshot "$snapshot" "${words[@]}" || code=$?
verdict=unknown
if [[ -e $snapshot ]]; then
  "$environment/bin/ghostfix" diagnose --from-snapshot "$snapshot" --format json --output "$report" || true
  verdict=$("$environment/bin/python" - "$report" <<'END'
import json, sys
document = json.load(open(sys.argv[1], encoding="utf-8"))
verdicts = {each["verdict"] for each in document.get("reports", [document])}
print(next(word for word in ("down", "degraded", "unknown", "healthy") if word in verdicts))
END
  )
fi
{
  echo "verdict=$verdict"
  echo "exit-code=$code"
  echo "report=$report"
} >>"$GITHUB_OUTPUT"
[[ $GHOSTFIX_FAIL_ON != never || $code -gt 1 ]] || code=0
exit "$code"
