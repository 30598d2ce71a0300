import { setImmediate } from 'node:timers/promises';
import { isUuid } from '@parley/kernel/database';
import { LRUCache } from 'lru-cache';
import { type Bm25Index, createBm25Index } from '../domain/bm25.ts';
import type { Language } from '../domain/language.ts';
import type { Client } from './database.ts';

/** A passage as it is cited: its text and its document's title, as they are now. */
export type FoundPassage = {
  readonly id: string;
  readonly documentId: string;
  readonly documentTitle: string;
  readonly text: string;
  readonly score: number;
};
type IndexedPassage = Omit<FoundPassage, 'score'> & { readonly language: Language };

/** One knowledge base in memory, as of one of its versions; stemmed as the language most of its passages are written in. */
type Entry = {
  readonly version: number;
  readonly passages: IndexedPassage[];
  readonly language: Language;
  readonly index: Bm25Index<IndexedPassage>;
};
/** How far a knowledge base has come: with every change, and with its newest removal. */
export type KnowledgeVersion = { readonly version: number; readonly removalVersion: number };

/** `asOf`: its version where that has just been read. */
type SearchedBase = {
  readonly client: Client;
  readonly tenantId: string;
  readonly knowledgeBaseId: string;
  readonly asOf?: KnowledgeVersion | null;
};

/** Full text search over the knowledge bases of all tenants. Unknown and foreign knowledge bases are both null. */
export type KnowledgeIndex = {
  /** Brings the index in memory up to date, so that the next search finds it so. */
  prepare(at: SearchedBase): Promise<void>;
  search(at: SearchedBase, query: string, first: number): Promise<FoundPassage[] | null>;
};

const mainLanguage = (passages: readonly IndexedPassage[]): Language =>
  passages.filter(({ language }) => language === 'es').length * 2 > passages.length ? 'es' : 'en';

/** Indexes passages; other requests get a turn after each batch. */
const fill = async (index: Bm25Index<IndexedPassage>, passages: readonly IndexedPassage[]): Promise<void> => {
  for (const [at, passage] of passages.entries()) {
    if (at > 0 && at % 100 === 0) await setImmediate();
    index.add(passage, passage.text);
  }
};

/**
 * Indexes in memory that cannot be stale: each search goes by the knowledge base's version (one row by key). Added
 * documents extend the index, a removal rebuilds it. `maxPassages` bounds all of them together, least recently used out.
 */
export const openKnowledgeIndex = (options: { maxPassages: number }): KnowledgeIndex => {
  const entries = new LRUCache<string, Entry>({
    maxSize: options.maxPassages,
    sizeCalculation: ({ passages }) => passages.length + 1,
  });
  const refreshing = new Map<string, Promise<Entry>>();

  const refresh = async (key: string, client: Client, id: string, now: KnowledgeVersion): Promise<Entry> => {
    const known = entries.get(key);
    if (known !== undefined && known.version >= now.version) return known;
    const base = known !== undefined && known.version >= now.removalVersion ? known : null;
    const added = await client.$queryRaw<IndexedPassage[]>`
      SELECT p.id, d.id AS "documentId", d.title AS "documentTitle", p.text, d.language
      FROM agent.knowledge_document d JOIN agent.passage p ON p.tenant_id = d.tenant_id AND p.document_id = d.id
      WHERE d.tenant_id = platform.tenant_id() AND d.knowledge_base_id = ${id}::uuid
        AND d.added_version > ${base?.version ?? 0} AND d.added_version <= ${now.version}
      ORDER BY d.added_version, p.position`;
    const passages = [...(base?.passages ?? []), ...added];
    const language = mainLanguage(passages);
    let index: Bm25Index<IndexedPassage>;
    if (base !== null && base.language === language) {
      index = base.index;
      await fill(index, added);
    } else {
      index = createBm25Index(language);
      await fill(index, passages);
    }
    const entry: Entry = { version: now.version, passages, language, index };
    entries.set(key, entry);
    return entry;
  };

  const current = async ({ client, tenantId, knowledgeBaseId: id, asOf }: SearchedBase): Promise<Entry | null> => {
    if (!isUuid(id)) return null;
    const read = () =>
      client.knowledgeBase.findUnique({
        where: { tenantId_id: { tenantId, id } },
        select: { version: true, removalVersion: true },
      });
    const now = asOf === undefined ? await read() : asOf;
    if (now === null) return null;
    // I26: whatever is kept is kept under its tenant.
    const key = `${tenantId}|${id}`;
    const known = entries.get(key);
    if (known !== undefined && known.version >= now.version) return known;
    const previous = refreshing.get(key) ?? Promise.resolve();
    const mine = previous.then(
      () => refresh(key, client, id, now),
      () => refresh(key, client, id, now),
    );
    refreshing.set(key, mine);
    try {
      return await mine;
    } finally {
      if (refreshing.get(key) === mine) refreshing.delete(key);
    }
  };

  return {
    prepare: async (at) => void (await current(at)),
    search: async (at, query, first) => {
      const entry = await current(at);
      if (entry === null) return null;
      return entry.index.search(query, first).map(({ passage: { id, documentId, documentTitle, text }, score }) => ({
        id,
        documentId,
        documentTitle,
        text,
        score,
      }));
    },
  };
};
