#!/bin/sh
# An agent that does what its scenario says. It gets its prompt on stdin or as its only argument, and everything else
# from the file that the prompt names: who it is, which task it works on, and where its answer goes.
# A scenario is a folder; line n of "<agent>.steps" there is turn n of the agent: commands between " ; ".
set -u

if [ $# -gt 0 ]; then prompt=$1; else prompt=$(cat); fi
input=${prompt#Read the file at }
input=${input%% and follow it*}
role=$(sed -n 's/^# Your role: //p' "$input" | head -n 1)
key=$(sed -n 's/^Key: //p' "$input" | head -n 1)
scenario=$(sed -n 's/^Scenario: //p' "$input" | head -n 1)
output=$(sed -n '/^Write your answer as a JSON file/{n;n;p;q}' "$input")

steps="$scenario/$role.$key.steps"
turns="$scenario/$role.$key.turns"
if [ ! -f "$steps" ]; then
  steps="$scenario/$role.steps"
  turns="$scenario/$role.turns"
fi
echo "$$ $MALAMAR_EXECUTION_ID" >>"$turns"
turn=$(wc -l <"$turns")
line=$(sed -n "$((turn))p" "$steps")
line=${line:-skip}

quoted() { printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g'; }
actions=
act() { actions="$actions${actions:+,}$1"; }

# What the agent can know of its task, as one line.
known() {
  summary=$(sed -n 's/^Summary: //p' "$input" | head -n 1)
  said=$(sed -n '/^# Comments$/,/^# Activity$/p' "$input" | grep -c '^{')
  others=$(sed -n '/^# The other agents$/,/^# /s/^[0-9]*\. //p' "$input" | paste -s -d,)
  printf '%s\n' "$summary | comments $said | others $others | $(grep '^Run [0-9]*, pass' "$input" | head -n 1)"
}

while [ -n "$line" ]; do
  case $line in
    *' ; '*) command=${line%%' ; '*} line=${line#*' ; '} ;;
    *) command=$line line= ;;
  esac
  verb=${command%% *}
  rest=${command#"$verb"}
  rest=${rest# }
  case $verb in
    skip) act '{"type":"skip"}' ;;
    comment) act "{\"type\":\"comment\",\"content\":\"$(quoted "$rest")\"}" ;;
    tell) act "{\"type\":\"comment\",\"content\":\"$(quoted "$(known)")\"}" ;;
    review) act "{\"type\":\"change_status\",\"status\":\"in_review\",\"reason\":\"$(quoted "$rest")\"}" ;;
    note) act "{\"type\":\"note\",\"text\":\"$(quoted "$rest")\"}" ;;
    write) printf '%s\n' "${rest#* }" >"${rest%% *}" ;;
    print) printf '%s\n' "$rest" ;;
    warn) printf '%s\n' "$rest" >&2 ;;
    lines) awk -v count="$rest" 'BEGIN { for (i = 1; i <= count; i++) print "line " i }' ;;
    sleep) sleep "$rest" ;;
    wait)
      waited=0
      until [ -e "$scenario/$rest" ]; do
        waited=$((waited + 1))
        [ "$waited" -gt 3000 ] && exit 97
        sleep 0.02
      done
      ;;
    stubborn) trap '' INT TERM HUP ;;
    daemon) setsid sleep 300 >/dev/null 2>&1 </dev/null & ;;
    raw) printf '%s' "$rest" >"$output" ;;
    link) ln -s "$rest" "$output" ;;
    nothing) : ;;
    crash) exit "$rest" ;;
    linger) printf '{"actions":[%s]}' "$actions" >"$output" && sleep "$rest" ;;
    *) echo "the scenario has an unknown command: $verb" >&2 && exit 98 ;;
  esac
done

[ -n "$actions" ] && printf '{"actions":[%s]}\n' "$actions" >"$output"
exit 0
