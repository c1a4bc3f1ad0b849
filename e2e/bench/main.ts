// `pnpm bench`: what Malamar costs, each figure as a ratio to a floor measured beside it in the same rounds, so that it holds
// on a slow or noisy machine. Prints a table and keeps the numbers in bench/results/.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { ROOT } from "../start-malamar.ts";
import { CACHE_TIME, emptyFile, openServerStarts, runnerToHello, type Started, timeToExit } from "./cold-start.ts";
import { openFloor } from "./floor.ts";
import { cpuOf, median, printTable, ratios, type Row, type Spread } from "./numbers.ts";
import { GUARDED, measureAlone, measureSteps, openBench, type Measured } from "./steps.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 7);
const wanted = process.argv.slice(2);
const wants = (figure: string) => wanted.length === 0 || wanted.includes(figure);

const rows: Row[] = [];
const raw: Record<string, unknown> = {};
const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} ms`;

function row(
  figure: string,
  values: number[],
  floors: number[],
  goal: { most?: number; least?: number; words: string },
  peer: string,
): void {
  const ratio: Spread = ratios(values, floors);
  const { most = Infinity, least = -Infinity } = goal;
  const met = goal.most === undefined && goal.least === undefined ? null : ratio.median <= most && ratio.median >= least;
  const unit = goal.least === undefined ? ms : (value: number) => `${value.toFixed(0)}/s`;
  rows.push({ figure, value: unit(median(values)), floor: unit(median(floors)), ratio, goal: goal.words, met, peer });
}

const floor = openFloor();

if (wants("1")) {
  const bench = await openBench();
  const lane = await bench.lane();
  await measureSteps(bench, [lane], 3);
  const steps: Measured[] = [];
  const floors: number[] = [];
  const floorCpu: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = cpuOf(floor.pid);
    floors.push(median((await floor.spawns({ command: bench.command, count: 60, inFlight: 1 })).times));
    floorCpu.push((cpuOf(floor.pid) - before) / 60);
    steps.push(await measureSteps(bench, [lane], 15));
  }
  const alone = await measureAlone(floor, bench, 8 * ROUNDS);
  await bench.server.end();
  const perStep = steps.map(({ wall, steps }) => wall / steps);
  row("1 step after step, one workspace", perStep, floors, { most: 1.6, words: "≤ 1.6×" }, "plainjob 1.3×, BullMQ 2.3×");
  const work = steps.map(({ cpu }) => cpu.supervisor + cpu.runners);
  row("1 the same, processor of Malamar alone", work, floorCpu, { words: "–" }, "");
  row("1 one task alone, as a client hears it", alone.times, alone.floors, { words: "–" }, "");
  raw["1"] = { steps, floors, alone };
  const part = (name: keyof Measured["parts"]) => ms(median(steps.map(({ parts }) => parts[name])));
  const cpu = (name: keyof Measured["cpu"]) => ms(median(steps.map(({ cpu }) => cpu[name])));
  console.log(
    `A step: lease to CLI started ${part("leasedToStarted")}, to result recorded ${part("startedToRecorded")}, to next lease ${part("recordedToNext")}; ` +
      `processor: supervisor ${cpu("supervisor")}, runner ${cpu("runners")}.`,
  );
}

if (wants("1") && process.getuid?.() === 0) {
  const bench = await openBench({ containment: "L2" });
  const lane = await bench.lane();
  await measureSteps(bench, [lane], 3);
  const perStep: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    floors.push(median((await floor.spawns({ command: [...GUARDED, ...bench.command], count: 30, inFlight: 1 })).times));
    const { wall, steps } = await measureSteps(bench, [lane], 10);
    perStep.push(wall / steps);
  }
  await bench.server.end();
  row("1 in a PID namespace, against a guarded launch", perStep, floors, { most: 1.3, words: "≤ 1.3×" }, "");
  raw["1 L2"] = { perStep, floors };
}

if (wants("2")) {
  const benches = {
    "one runner each": await openBench(),
    "one runner for all": await openBench({ workspacesPerRunner: 8 }),
  };
  for (const [name, bench] of Object.entries(benches)) {
    const lanes = await Promise.all(Array.from({ length: 8 }, () => bench.lane()));
    await measureSteps(bench, lanes, 3);
    const measured: Measured[] = [];
    const floors: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const { wall } = await floor.spawns({ command: bench.command, count: 400, inFlight: 8 });
      floors.push((400 / wall) * 1000);
      measured.push(await measureSteps(bench, lanes, 12));
    }
    const rates = measured.map(({ wall, steps }) => (steps / wall) * 1000);
    row(`2 eight workspaces, ${name}`, rates, floors, { least: 0.9, words: "≥ 0.9×" }, "plainjob 0.80×");
    raw[`2 ${name}`] = { measured, floors };
    const cpu = (part: keyof Measured["cpu"]) => ms(median(measured.map(({ cpu }) => cpu[part])));
    console.log(`Eight at a time, ${name}: processor per step: supervisor ${cpu("supervisor")}, runners ${cpu("runners")}.`);
    await bench.server.end();
  }
}

if (wants("8")) {
  const empty = emptyFile();
  const starts = await openServerStarts();
  const taken: Record<string, Started[]> = { floor: [], runner: [], malamar: [], malamarctl: [], first: [], killed: [] };
  for (let round = -1; round < 2 * ROUNDS; round++) {
    const each = {
      floor: timeToExit([empty.path]),
      runner: await runnerToHello(starts.runner, round < 0 ? CACHE_TIME : 0),
      malamar: timeToExit([join(ROOT, "supervisor/dist/malamar.cjs"), "--version"]),
      malamarctl: timeToExit([join(ROOT, "clients/malamarctl/dist/malamarctl.cjs"), "--version"]),
      first: await starts.first(),
      killed: await starts.afterKill(),
    };
    // The first round only warms the disk and the compile caches.
    if (round >= 0) for (const [name, started] of Object.entries(each)) taken[name]?.push(started);
  }
  await starts.end();
  empty.remove();
  const of = (name: string, what: keyof Started) => taken[name]?.map((started) => started[what]) ?? [];
  const both = (figure: string, name: string, goal: Parameters<typeof row>[3], peer: string) => {
    row(`${figure}, processor`, of(name, "cpu"), of("floor", "cpu"), goal, peer);
    row(
      `${figure}, wall`,
      of(name, "wall"),
      of("floor", "wall"),
      { words: goal.words === "≤ 10×" ? goal.words : "–", ...(goal.words === "≤ 10×" && { most: 10 }) },
      "",
    );
  };
  both("8 runner to Hello", "runner", { most: 3, words: "≤ 1.8× (3× with http2)" }, "");
  both("8 malamar --version", "malamar", { words: "–" }, "");
  both("8 malamarctl --version", "malamarctl", { words: "–" }, "");
  both("8 supervisor to first answer", "first", { words: "≤ 10×" }, "Backlog.md 0.95 s, Paperclip 15 s");
  both("8 kill -9 to answering again", "killed", { words: "–" }, "");
  raw["8"] = taken;
}

floor.end();
const results = join(import.meta.dirname, "results");
mkdirSync(results, { recursive: true });
const date = new Date().toISOString().replaceAll(/[:.]/g, "-");
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, load: loadavg() };
writeFileSync(join(results, `${date}.json`), JSON.stringify({ date, machine, rounds: ROUNDS, rows, raw }, null, 1));
console.log(`\n${machine.cpu}, ${machine.cores} cores, load ${machine.load.map((each) => each.toFixed(1)).join(" ")}, ${ROUNDS} rounds`);
printTable(rows);
