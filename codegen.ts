import type { CodegenConfig } from '@graphql-codegen/cli';
import { documentsAndManifest } from './client/codegenPreset.ts';

/** `npm run codegen`: client/operations → typed documents and the manifest of their hashes, both committed. */
const config: CodegenConfig = {
  schema: 'client/schema.graphql',
  documents: ['client/operations/*.graphql'],
  generates: {
    'client/gql/': {
      preset: documentsAndManifest('client/persisted-documents.json'),
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        useTypeImports: true,
        enumType: 'string-literal',
        importExtension: '.ts',
        emitLegacyCommonJSImports: false,
        scalars: { ID: 'string', DateTime: 'string', URL: 'string' },
        strictScalars: true,
      },
    },
  },
};

export default config;
