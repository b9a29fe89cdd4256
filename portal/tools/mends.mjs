// Faults of libraries, mended while they are bundled. The build fails where a library no longer
// has the text that is replaced: then see whether it still has the fault.
import { readFileSync } from 'node:fs';

/**
 * Of `@polkadot-api/observable-client` 0.18.8. A node names its last final blocks to whoever
 * connects, and the library looks for those that changed the runtime. Where there are more than two
 * and one did, it halves the same list for ever, and never tells of a block: a page that is opened
 * soon after an upgrade waits. Here each block is asked for its code, of sixteen at most.
 */
const FOLLOW = {
  file: /observable-client[\\/]dist[\\/]chainHead[\\/]streams[\\/]follow\.js$/,
  fault: /getRuntimeChanges\(\s*blocks,\s*\{ idx: 0, id: firstId \},\s*\{ idx: lastIdx, id: lastId \}\s*\)/,
  mended: `combineLatest(blocks.map(getCodeHash)).pipe(map((ids) => blocks
    .map((block, idx) => [block, ids[idx]])
    .filter(([, id], idx) => idx === 0 || id !== ids[idx - 1])))`,
};

/** A plugin of esbuild. */
export const mends = {
  name: 'mends',
  setup(build) {
    let isMended = false;
    build.onLoad({ filter: FOLLOW.file }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      isMended = FOLLOW.fault.test(source);
      return { contents: source.replace(FOLLOW.fault, () => FOLLOW.mended), loader: 'js' };
    });
    build.onEnd(() => (isMended ? null : { errors: [{ text: 'tools/mends.mjs: the library that follows the chain is another one' }] }));
  },
};
