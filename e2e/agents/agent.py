#!/usr/bin/python3
"""The same scripted agent in Python. Its prompt is in the file that its only argument names, and it prints JSON lines."""

import json
import os
import re
import sys
import time
from pathlib import Path


def say(**entry):
    print(json.dumps(entry), flush=True)


prompt = Path(sys.argv[1]).read_text()
text = Path(re.match(r"Read the file at (.+) and follow it", prompt).group(1)).read_text()


def found(pattern):
    match = re.search(pattern, text, re.MULTILINE)
    return match.group(1) if match else ""


role = found(r"^# Your role: (.*)$")
scenario = Path(found(r"^Scenario: (.*)$"))
output = Path(found(r"^Write your answer as a JSON file[^\n]*\n\n(.*)$"))
say(type="message", text=f"I am {role}.")

name = f"{role}.{found(r'^Key: (.*)$')}"
if not (scenario / f"{name}.steps").exists():
    name = role
with open(scenario / f"{name}.turns", "a") as turns:
    turns.write(f"{os.getpid()} {os.environ['MALAMAR_EXECUTION_ID']}\n")
turn = len((scenario / f"{name}.turns").read_text().splitlines())
steps = (scenario / f"{name}.steps").read_text().splitlines()
line = steps[turn - 1] if turn <= len(steps) else "skip"

actions = []
for command in line.split(" ; "):
    verb, _, rest = command.partition(" ")
    if verb == "skip":
        actions.append({"type": "skip"})
    elif verb == "comment":
        actions.append({"type": "comment", "content": rest})
    elif verb == "review":
        actions.append({"type": "change_status", "status": "in_review", "reason": rest})
    elif verb == "note":
        actions.append({"type": "note", "text": rest})
    elif verb == "write":
        file, _, content = rest.partition(" ")
        say(type="tool_call", id="1", name="write", input=file)
        Path(file).write_text(f"{content}\n")
        say(type="tool_result", id="1", output="written")
    elif verb == "print":
        print(rest, flush=True)
    elif verb == "warn":
        print(rest, file=sys.stderr, flush=True)
    elif verb == "usage":
        say(type="usage", input_tokens=int(rest), output_tokens=7)
    elif verb == "sleep":
        time.sleep(float(rest))
    elif verb == "wait":
        deadline = time.monotonic() + 60
        while not (scenario / rest).exists():
            if time.monotonic() > deadline:
                sys.exit(97)
            time.sleep(0.02)
    elif verb == "crash":
        sys.exit(int(rest))
    elif verb == "nothing":
        pass
    else:
        sys.exit(f"the scenario has an unknown command: {verb}")

if actions:
    output.write_text(json.dumps({"actions": actions}))
