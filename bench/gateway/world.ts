import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';

/**
 * The shape of the public gateways' benchmark (github.com/graphql-hive/graphql-gateways-benchmark): users, products,
 * their stock and their reviews in four subgraphs, and one query of 87 kB across all of them. Words are our own.
 */
const words = 'a table for six people of solid oak that holds warm through every winter we have had so far'.split(' ');
const text = (length: number, seed: number): string => {
  let made = '';
  for (let index = seed; made.length < length; index += 7) made += `${words[index % words.length]} `;
  return made.slice(0, length).trim();
};

const users = ['Ada', 'Brook', 'Chi', 'Dana', 'Emeka', 'Flor'].map((name, index) => ({
  id: String(index + 1),
  name: `${name} Example`,
  username: name.toLowerCase(),
}));
const products = ['Table', 'Couch', 'Glass', 'Chair', 'Screen', 'Lamp', 'Grill', 'Fridge', 'Sofa'].map(
  (name, index) => ({ upc: String(index + 1), name, price: 15 + index * 431, weight: 20 + index * 100 }),
);
const inStock = [true, false, false, false, true, true, true, false, true];
const lengths = [445, 290, 275, 145, 445, 290, 275, 145, 145, 145, 855];
const reviewed = ['1', '1', '1', '1', '2', '2', '2', '2', '3', '4', '4'];
const reviews = reviewed.map((upc, index) => ({
  id: String(index + 1),
  body: text(lengths[index] ?? 100, index),
  product: { upc },
  author: { id: '1', username: 'ada', reviews: [] as unknown[] },
}));
const authored = reviews.slice(0, 2);
for (const { author } of reviews) author.reviews = authored;

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires", "@provides", "@shareable"])\n`;

export const schemas = {
  accounts: `
    type Query { me: User user(id: ID!): User users: [User] }
    type User @key(fields: "id") { id: ID! name: String username: String @shareable birthday: Int }`,
  inventory: `
    type Product @key(fields: "upc") {
      upc: String!
      weight: Int @external
      price: Int @external
      inStock: Boolean
      shippingEstimate: Int @requires(fields: "price weight")
    }`,
  products: `
    type Query { topProducts(first: Int = 5): [Product] }
    type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }`,
  reviews: `
    type Review @key(fields: "id") { id: ID! body: String product: Product author: User @provides(fields: "username") }
    type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] }
    type Product @key(fields: "upc") { upc: String! reviews: [Review] }`,
} as const;
export type SubgraphName = keyof typeof schemas;
export const subgraphNames = Object.keys(schemas) as SubgraphName[];

type Upc = { readonly upc: string };
type Id = { readonly id: string };
const resolvers: Record<SubgraphName, object> = {
  accounts: {
    Query: {
      me: () => users[0],
      user: (_: unknown, { id }: Id) => users.find((user) => user.id === id),
      users: () => users,
    },
    User: { __resolveReference: ({ id }: Id) => users.find((user) => user.id === id) },
  },
  inventory: {
    Product: {
      __resolveReference: (given: Upc) => ({ ...given, inStock: inStock[Number(given.upc) - 1] }),
      shippingEstimate: ({ price, weight }: { price: number; weight: number }) => (price > 1000 ? 0 : weight / 2),
    },
  },
  products: {
    Query: { topProducts: (_: unknown, { first }: { first: number }) => products.slice(0, first) },
    Product: { __resolveReference: ({ upc }: Upc) => products.find((product) => product.upc === upc) },
  },
  reviews: {
    User: { __resolveReference: ({ id }: Id) => ({ id, reviews: authored }) },
    Product: {
      __resolveReference: (given: Upc) => given,
      reviews: ({ upc }: Upc) => reviews.filter(({ product }) => product.upc === upc),
    },
    Review: { __resolveReference: ({ id }: Id) => reviews.find((review) => review.id === id) },
  },
};

export const typeDefsOf = (name: SubgraphName): string => link + schemas[name];
export const schemaOf = (name: SubgraphName): GraphQLSchema =>
  buildSubgraphSchema([{ typeDefs: parse(typeDefsOf(name)), resolvers: resolvers[name] as never }]);

const parts = `
  fragment User on User { id username name }
  fragment Review on Review { id body }
  fragment Product on Product { inStock name price shippingEstimate upc weight }`;
export const queries = {
  big: `${parts}
    query Big {
      users { ...User reviews { ...Review product { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } } } }
      topProducts { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } }
    }`,
  small: 'query Small { me { id name } }',
} as const;
export type QueryName = keyof typeof queries;
