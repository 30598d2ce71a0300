import type { DocumentNode } from 'graphql';
import type { FoundOperation } from '../admission/admit.ts';

/**
 * The documents of requests that Apollo Server has in hand. It is given their hashes in place of their texts, as of
 * persisted queries, and asks here for both: of a text it would make the hash anew each time, with an object that
 * outlives minor collections. Whatever is swapped meanwhile, a request keeps the document it was admitted with.
 */
export class DocumentsInHand {
  readonly #byHash = new Map<string, { readonly query: string; readonly document: DocumentNode; requests: number }>();

  take({ query, operation: { document } }: FoundOperation): void {
    const known = this.#byHash.get(document.hash);
    if (known) known.requests += 1;
    else this.#byHash.set(document.hash, { query, document: document.document, requests: 1 });
  }

  /** Once for each time it was taken. */
  release({ operation: { document } }: FoundOperation): void {
    const known = this.#byHash.get(document.hash);
    if (!known) return;
    known.requests -= 1;
    if (known.requests === 0) this.#byHash.delete(document.hash);
  }

  /** Keys are hashes behind prefixes of Apollo Server's. */
  text(key: string): string | undefined {
    return this.#byHash.get(hashIn(key))?.query;
  }

  document(key: string): DocumentNode | undefined {
    return this.#byHash.get(hashIn(key))?.document;
  }
}

const hashIn = (key: string): string => key.slice(-64);
