#!/bin/sh
# An agent that keeps a ledger outside of Malamar: when it starts, what it answers, and whether another one is at work in its workspace.
# usage: ledger-agent.sh OUTPUT EXECUTION_ID FOLDER
output=$1 id=$2 folder=$3
lane="$folder/lane-$MALAMAR_WORKSPACE_ID"
echo "start $id $$" >> "$folder/ledger"
other=$(cat "$lane" 2>/dev/null)
# A zombie is dead although its pid is not free yet, and a pid may belong to somebody else by now.
if [ -n "$other" ] && [ "$other" != $$ ] && ! grep -q ') Z ' "/proc/$other/stat" 2>/dev/null &&
  tr '\0' '\n' < "/proc/$other/environ" 2>/dev/null | grep -q "^MALAMAR_WORKSPACE_ID=$MALAMAR_WORKSPACE_ID$"; then
  echo "overlap $id $other" >> "$folder/ledger"
fi
echo $$ > "$lane"
# A child of a session of its own, as the tools of real CLIs are.
setsid sleep 30 &
chance=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
sleep "0.$((chance % 6))"
if [ $((chance % 4)) -eq 0 ]; then answer="{\"type\":\"comment\",\"content\":\"$id\"}"; else answer='{"type":"skip"}'; fi
echo "answer $id $answer" >> "$folder/ledger"
printf '{"actions":[%s]}' "$answer" > "$output"
