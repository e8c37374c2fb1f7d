// MicroPython in node: `node interpreter.mjs PACKAGES FIRMWARE -c CODE`, with standard input and output.
// It sees a file system of its own, in memory, with the firmware in it under the same path.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, firmware, , code] = process.argv.slice(2);
const build = join(packages, "node_modules/@micropython/micropython-webassembly-pyscript/micropython.mjs");
const { loadMicroPython } = await import(pathToFileURL(build).href);

const given = readFileSync(0);
let taken = 0;
const micropython = await loadMicroPython({
  stdin: () => (taken < given.length ? given[taken++] : null),
  stdout: (line) => console.log(line),
});
for (const entry of readdirSync(firmware, { recursive: true, withFileTypes: true })) {
  if (entry.isFile() && entry.name.endsWith(".py")) {
    const folder = entry.parentPath ?? entry.path; // the second in node before 20.12
    micropython.FS.mkdirTree(folder);
    micropython.FS.writeFile(join(folder, entry.name), readFileSync(join(folder, entry.name)));
  }
}
try {
  micropython.runPython(code);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
