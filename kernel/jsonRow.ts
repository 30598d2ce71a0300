/** A row as PostgreSQL's `to_jsonb` gives it: snake_case names, dates as text. */
export type JsonRow = Readonly<Record<string, unknown>>;

const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The row with camelCase names, as Prisma would give it; the columns named in `dates` become Dates. */
export const fromJsonRow = <Row extends object>(row: JsonRow, dates: ReadonlySet<string>): Row =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => {
      const name = camel(column);
      return [name, dates.has(name) && typeof value === 'string' ? new Date(value) : value];
    }),
  ) as Row;

/** The other way round, for `jsonb_populate_record`. */
export const toJsonRow = (row: object): JsonRow =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [snake(name), value]));
