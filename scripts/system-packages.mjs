// Finds what the end-to-end tests need from the system: a Chromium for the web tests, a Python with gRPC for the test that
// speaks to Malamar from another language, and what makes disks, clocks and writes fail for the fault programs. Installs it with
// apt where that is possible (root on Debian or Ubuntu).
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const onPath = (...names) => {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"];
  return names
    .flatMap((name) => (name.startsWith("/") ? [name] : folders.map((folder) => join(folder, name))))
    .filter((path) => existsSync(path));
};

const findChromium = () =>
  onPath(
    process.env.MALAMAR_E2E_CHROMIUM || "chromium",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  )[0];

// Debian's grpcio-tools is too old for proto3 "optional"; protoc with the gRPC plugin of the same release is not.
const findPython = () => {
  if (onPath("protoc").length === 0 || onPath("grpc_python_plugin").length === 0) return undefined;
  return onPath(process.env.MALAMAR_E2E_PYTHON || "/usr/bin/python3", "/usr/bin/python3", "python3").find(
    (python) => spawnSync(python, ["-c", "import grpc, google.protobuf"], { stdio: "ignore" }).status === 0,
  );
};

const needs = [
  {
    name: "browser",
    for: "journeys",
    what: "a Chromium or Chrome, for the tests of the web app",
    variable: "MALAMAR_E2E_CHROMIUM",
    find: findChromium,
    packages: ["chromium", "fonts-dejavu-core"],
  },
  {
    name: "python",
    for: "journeys",
    what: "a python3 with grpcio, protoc and grpc_python_plugin, for the test of a client in another language",
    variable: "MALAMAR_E2E_PYTHON",
    find: findPython,
    packages: ["python3-grpcio", "protobuf-compiler", "protobuf-compiler-grpc"],
  },
  {
    name: "strace",
    for: "faults",
    what: "strace, for disk errors and kill points",
    find: () => onPath("strace")[0],
    packages: ["strace"],
  },
  {
    name: "faketime",
    for: "faults",
    what: "faketime, for clocks that jump",
    find: () => onPath("faketime")[0],
    packages: ["faketime"],
  },
  {
    name: "file systems",
    for: "faults",
    what: "mkfs.ext4, mkfs.xfs and xfs_io, for full disks and power cuts",
    find: () => ["/usr/sbin/mkfs.ext4", "/usr/sbin/mkfs.xfs", "/usr/sbin/xfs_io"].every(existsSync) || undefined,
    packages: ["e2fsprogs", "xfsprogs"],
  },
];

function install(packages) {
  if (process.getuid?.() !== 0 || onPath("apt-get").length === 0) return "not root on a system with apt-get";
  console.log(`Installing ${packages.join(", ")} with apt-get …`);
  const options = { encoding: "utf8", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  const wait = ["-o", "DPkg::Lock::Timeout=300", "-q"];
  spawnSync("apt-get", [...wait, "update"], options);
  const result = spawnSync("apt-get", [...wait, "install", "-y", "--no-install-recommends", ...packages], options);
  return result.status === 0 ? undefined : result.stderr.trim().split("\n").slice(-3).join(" ");
}

/**
 * The environment the tests read: MALAMAR_E2E_CHROMIUM and MALAMAR_E2E_PYTHON are paths, MALAMAR_E2E_SKIP names what is
 * missing ("browser,python"). With CI=true nothing may be missing.
 * @param options.of "journeys" or "faults"
 */
export function systemPackages({ mayInstall, of = "journeys" }) {
  const wanted = needs.filter((need) => need.for === of);
  const missing = () => wanted.filter((need) => !need.find());
  const problem = mayInstall && missing().length > 0 ? install(missing().flatMap((need) => need.packages)) : undefined;
  const absent = missing();
  for (const need of absent)
    console.log(
      `Not found: ${need.what}${problem ? ` (${problem})` : ""}. ${need.variable ? `Set ${need.variable} to its path, or install` : "Install"} ${need.packages.join(" ")}.`,
    );
  if (absent.length > 0 && process.env.CI === "true") throw new Error("With CI=true every test must run, so this stops here.");
  if (absent.length > 0) console.log("The tests that need it are skipped; all others run.");
  const found = wanted.filter((need) => need.variable && !absent.includes(need)).map((need) => [need.variable, need.find()]);
  return { ...Object.fromEntries(found), MALAMAR_E2E_SKIP: absent.map((need) => need.name).join(",") };
}
