# shellcheck shell=bash
# A sample of the faults in faults/inject.py: each system call of a run fails once, or the process is killed there.
#
# It takes about a minute. The full run is one command, and takes about two: `tests/real/faults/inject.py target/release/tok`.
. "$REAL/harness/facts.sh"

fact_a_failing_system_call_costs_at_most_the_run() {
  "$REAL/faults/inject.py" "$(command -v tok)" --sample 250
}

run_facts
