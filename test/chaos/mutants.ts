import { registerHooks } from 'node:module';

/** A build broken on purpose: of one file, what stands for what. */
type Mutant = { readonly file: string; readonly replace: readonly (readonly [string, string])[] };

/** Each is a mistake that the checker must see. Loaded by `--import` into every process of the platform. */
const mutants: Readonly<Record<string, Mutant>> = {
  /** Events are recorded after the commit, in a transaction of their own: what dies in between has lost them. */
  outbox: {
    file: 'subgraphs/sales/infrastructure/record.ts',
    replace: [
      ['recordStatement(known, recording, log, stored, {', 'recordStatement(known, recording, log, [], {'],
      [
        'if (row === undefined) return null;',
        `if (row === undefined) return null;
  if (stored.length > 0) setTimeout(() => {
    const rest = recordStatement({ ...known, ...recording.conversation, ...row, leaseOwner: recording.claimFor ?? recording.conversation?.leaseOwner ?? known.leaseOwner }, {}, [], stored, { actor, now: by.now });
    query<RecordedRow>(rest.text, rest.values).catch(() => {});
  }, 30);`,
      ],
    ],
  },
  /** A stream that is taken up again begins where it is, not where its reader was. */
  cursor: {
    file: 'kernel/resumableStream.ts',
    replace: [
      [
        '  await catchUp();\n\n  const stream',
        '  if (options.after > 0) last = (await options.read(options.after)).items.at(-1)?.position ?? last;\n  await catchUp();\n\n  const stream',
      ],
    ],
  },
};

export const mutantNames: readonly string[] = Object.keys(mutants);

const chosen = mutants[process.env['CHAOS_MUTANT'] ?? ''];
if (chosen !== undefined)
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!url.endsWith(chosen.file) || loaded.source == null) return loaded;
      let source = Buffer.from(loaded.source as Uint8Array).toString();
      for (const [from, to] of chosen.replace) {
        if (!source.includes(from)) throw new Error(`the mutant no longer fits ${chosen.file}: ${from}`);
        source = source.replace(from, () => to);
      }
      return { ...loaded, source };
    },
  });
