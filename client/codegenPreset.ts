import { createHash } from 'node:crypto';
import { preset } from '@graphql-codegen/client-preset';

const header = '/* biome-ignore-all format: generated */\n/* biome-ignore-all lint: generated */';
const documentPattern = /new TypedDocumentString\(`[^`]*`, \{"hash":"(sha256:[0-9a-f]{64})"\}\)/g;

/**
 * The client preset, with two differences: a document's text is exactly the one its hash was taken of (the preset embeds
 * another printing of it), and only the documents, their types and the manifest are written.
 */
export const documentsAndManifest = (manifest: string): typeof preset => ({
  ...preset,
  buildGeneratesSection: async (options) => {
    const bodies = new Map<string, string>();
    const hashAlgorithm = (body: string): string => {
      const hash = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      bodies.set(hash, body);
      return hash;
    };
    const sections = await preset.buildGeneratesSection({
      ...options,
      presetConfig: { ...options.presetConfig, persistedDocuments: { hashAlgorithm } },
    });
    const withSentText = (code: string): string =>
      code.replaceAll(
        documentPattern,
        (_all, hash: string) => `new TypedDocumentString(${JSON.stringify(bodies.get(hash))}, {"hash":"${hash}"})`,
      );
    return sections.flatMap((section) => {
      if (section.filename.endsWith('persisted-documents.json')) return [{ ...section, filename: manifest }];
      if (!section.filename.endsWith('/graphql.ts')) return [];
      const typed = section.pluginMap['typed-document-node'];
      if (!typed) throw new Error('the client preset no longer writes documents with typed-document-node');
      const plugin: typeof typed.plugin = async (...given) => {
        const output = await typed.plugin(...given);
        return typeof output === 'string' ? withSentText(output) : { ...output, content: withSentText(output.content) };
      };
      const plugins = [{ add: { content: header } }, ...section.plugins.slice(1)];
      return [
        { ...section, plugins, pluginMap: { ...section.pluginMap, 'typed-document-node': { ...typed, plugin } } },
      ];
    });
  },
});
