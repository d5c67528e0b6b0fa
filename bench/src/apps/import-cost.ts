import { readdirSync } from 'node:fs';

/** Imports some modules, then one more, and tells the parent what the last one took. */
const modules = process.argv.slice(2);
const last = modules.pop() ?? '';
for (const name of modules) await import(name);
const before = await settled();
const startedAt = performance.now();
await import(last);
const ms = performance.now() - startedAt;
const after = await settled();
process.send?.({ ms, descriptors: after.descriptors - before.descriptors, handles: after.handles - before.handles });

/** What is open when the import itself has let go of what it had open. */
async function settled() {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    handles: process.getActiveResourcesInfo().length,
  };
}
