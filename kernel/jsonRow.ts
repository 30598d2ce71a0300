/** A row as PostgreSQL's `to_jsonb` gives it: snake_case names, dates as text. */
export type JsonRow = Readonly<Record<string, unknown>>;

const remembered = (spell: (name: string) => string): ((name: string) => string) => {
  const known = new Map<string, string>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const spelled = spell(name);
    known.set(name, spelled);
    return spelled;
  };
};
const camel = remembered((name) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
/** The column of a field, as Prisma maps them. */
export const columnOf = remembered((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));

/** The row with camelCase names, as Prisma would give it; the columns named in `dates` become Dates. */
export const fromJsonRow = <Row extends object>(row: JsonRow, dates: ReadonlySet<string>): Row => {
  const named: Record<string, unknown> = {};
  for (const column in row) {
    const name = camel(column);
    const value = row[column];
    named[name] = typeof value === 'string' && dates.has(name) ? new Date(value) : value;
  }
  return named as Row;
};

/** The other way round, for `jsonb_populate_record`. */
export const toJsonRow = (row: object): JsonRow =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [columnOf(name), value]));
