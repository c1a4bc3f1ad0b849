// The floor: a bare Node process that starts a command and waits for its end, nothing else. One order per line on stdin:
// {"command": ["/bin/cp", "a", "b.{n}"], "count": 50, "inFlight": 1}, where {n} is another number each time; the answer is {"times": […], "wall": …} in milliseconds.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

function once([program, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "ignore" });
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`${program} exited with ${code}`))));
  });
}

let number = 0;

async function carryOut({ command, count, inFlight }) {
  const times = [];
  let left = count;
  const since = performance.now();
  const lane = async () => {
    while (left-- > 0) {
      const start = performance.now();
      number += 1;
      await once(command.map((word) => word.replace("{n}", String(number))));
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return { times, wall: performance.now() - since };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await carryOut(JSON.parse(line)))}\n`);
}
