// Makes the descriptors of the chain that the page was written for, from the committed metadata:
// types for TypeScript, and checksums by which polkadot-api notices that the node's runtime
// differs in something that the page uses.
//
// It does what polkadot-api's own command line does, without it: that needs Node 22 and a
// hundred packages more.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { generateMultipleDescriptors } from '@polkadot-api/codegen';
import { EntryPointCodec, TypedefCodec } from '@polkadot-api/metadata-compatibility';
import { Tuple, unifyMetadata, Vector, decAnyMetadata } from '@polkadot-api/substrate-bindings';

import { whitelist } from './whitelist.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '../src/chain/descriptors');
const encoded = readFileSync(join(here, '../../client/metadata/medchain.scale'));
const metadata = unifyMetadata(decAnyMetadata(encoded));

const made = generateMultipleDescriptors(
  [{ key: 'medchain', metadata, knownTypes: {} }],
  {
    client: 'polkadot-api',
    metadataTypes: './metadataTypes',
    types: './common-types',
    descriptorValues: './descriptors',
    common: './common',
  },
  { whitelist },
);
const types = Tuple(Vector(EntryPointCodec), Vector(TypedefCodec)).enc([
  made.metadataTypes.entryPoints, made.metadataTypes.typedefs,
]);

mkdirSync(out, { recursive: true });
// Generated code is not checked: it has types that it does not use.
const write = (name, text) => writeFileSync(join(out, name), `// @ts-nocheck\n${text}`);
write('common.ts', made.commonFileContent);
write('descriptors.ts', made.descriptorsFileContent);
write('common-types.ts', made.typesFileContent);
write('metadataTypes.ts', `export default "${Buffer.from(types).toString('base64')}";\n`);
write('medchain.ts', made.descriptorTypesFiles[0].content);
// Only an API without a node would read it.
write('medchain_metadata.ts', 'export default "";\n');
