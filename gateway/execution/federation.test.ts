import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GraphQLError } from 'graphql';
import { createFederation } from '../fixture/federation.ts';

type Row = { readonly id: string };
const find = <T extends Row>(rows: readonly T[], { id }: Row): T | null => rows.find((row) => row.id === id) ?? null;

describe('C24: where planning alone gives wrong data', () => {
  const seats = [{ id: 's1', place: { row: '1', column: 'A', deck: 'upper' }, label: 'window' }];

  test('a subgraph is come back to by a key it can be asked by, not by the first it names', async () => {
    const { run } = createFederation({
      labels: {
        schema: `
          type Seat @key(fields: "id") @key(fields: "place { row column }", resolvable: false) { id: ID! place: Place! label: String! }
          type Place @shareable { row: ID! column: ID! deck: ID! }`,
        resolvers: { Seat: { __resolveReference: (given: Row) => find(seats, given) } },
      },
      trips: {
        schema: `
          type Query { trip: Trip }
          type Trip { seats: [Seat!]! }
          type Seat @key(fields: "place { row column }", resolvable: false) @key(fields: "id place { column deck }") {
            id: ID!
            place: Place!
            label: String! @external
            badge: String! @requires(fields: "label")
          }
          type Place @shareable { row: ID! column: ID! deck: ID! }`,
        resolvers: {
          Query: { trip: () => ({ seats: seats.map(({ id, place }) => ({ id, place })) }) },
          Seat: {
            __resolveReference: (given: Row & { place: { deck?: string } }) => (given.place.deck ? given : null),
            badge: ({ label }: { label: string }) => `badge of ${label}`,
          },
        },
      },
    });
    const { data } = await run('{ trip { seats { badge } } }');
    assert.deepEqual(data, { trip: { seats: [{ badge: 'badge of window' }] } });
  });

  describe('a @requires of what is itself made of something required', () => {
    const people = [{ id: 'p1' }, { id: 'p2' }];
    const reference = { __resolveReference: (given: Row) => given };
    const chain = () =>
      createFederation({
        names: {
          schema: 'type Person @key(fields: "id") { id: ID! name: String }',
          resolvers: { Person: { ...reference, name: ({ id }: Row) => `name of ${id}` } },
        },
        greetings: {
          schema: `type Query { greeted: [Person!] }
            type Person @key(fields: "id") { id: ID! name: String @external greeting(loud: Boolean): String @requires(fields: "name") }`,
          resolvers: {
            Query: { greeted: () => people },
            Person: { ...reference, greeting: ({ name }) => `hello ${name}` },
          },
        },
        letters: {
          schema: `type Person @key(fields: "id") {
            id: ID! name: String @external greeting(loud: Boolean): String @external
            letter: String @requires(fields: "greeting name") signed: String @requires(fields: "greeting") }`,
          resolvers: {
            Person: {
              ...reference,
              letter: ({ greeting, name }) => `${greeting}; ${name}`,
              signed: ({ greeting }) => `${greeting}!`,
            },
          },
        },
      });
    const letters = people.map(({ id }) => `hello name of ${id}; name of ${id}`);

    test('is asked for in that order, though the list starts at the one in the middle', async () => {
      const { run } = chain();
      const { data, errors } = await run('{ greeted { letter } }');
      assert.equal(errors, undefined);
      assert.deepEqual(data, { greeted: letters.map((letter) => ({ letter })) });
    });

    test('so it is where the client asks for all of them, under names of its own', async () => {
      const { run } = chain();
      const query = 'query ($loud: Boolean) { greeted { letter greeting(loud: $loud) name: id signed id: greeting } }';
      const { data } = await run(query, { variables: { loud: true } });
      assert.deepEqual(
        data?.['greeted'],
        people.map(({ id }, at) => ({
          letter: letters[at],
          greeting: `hello name of ${id}`,
          name: id,
          signed: `hello name of ${id}!`,
          id: `hello name of ${id}`,
        })),
      );
    });
  });

  test('what no subgraph can give is refused, never answered null', async () => {
    const { run } = createFederation({
      owners: {
        schema: `
          interface Owner @key(fields: "id") { id: ID! }
          type Query { owner: Owner fine: Int }`,
        resolvers: { Query: { owner: () => ({ __typename: 'Owner', id: 'o1' }), fine: () => 1 } },
      },
      notes: { schema: 'type Owner @key(fields: "id", resolvable: false) @interfaceObject { id: ID! note: String }' },
    });
    await assert.rejects(
      run('{ mine: owner { note } fine }'),
      ({ message, extensions }: GraphQLError) =>
        extensions['code'] === 'FIELD_UNREACHABLE' && message.includes('"mine"'),
    );
    assert.deepEqual((await run('{ fine }')).data, { fine: 1 });
  });

  describe('@requires with arguments', () => {
    const goods = [
      { id: 'g1', grams: 10, price: { USD: 3, EUR: 2 }, shelf: { price: { USD: 30, EUR: 20 } } },
      { id: 'g2', grams: 20, price: { USD: 5, EUR: 4 }, shelf: { price: { USD: 50, EUR: 40 } } },
    ];
    const priceIn = ({ price }: (typeof goods)[number], { currency }: { currency: 'USD' | 'EUR' }) => price[currency];
    const shop = () =>
      createFederation({
        goods: {
          schema: `
            type Query { goods: [Good!] }
            enum Currency { USD EUR }
            type Good @key(fields: "id") { id: ID! grams: Int price(currency: Currency!): Int shelf: Shelf }
            type Shelf { price(currency: Currency!): Int }`,
          resolvers: {
            Query: { goods: () => goods },
            Good: { __resolveReference: (given: Row) => find(goods, given), price: priceIn },
            Shelf: { price: priceIn },
          },
        },
        shipping: {
          schema: `
            enum Currency { USD EUR }
            type Good @key(fields: "id") {
              id: ID!
              grams: Int @external
              price(currency: Currency!): Int @external
              shelf: Shelf @external
              dollars: String @requires(fields: "price(currency: USD) grams")
              euros: String @requires(fields: "price(currency: EUR)")
              shelved: String @requires(fields: "shelf { price(currency: EUR) }")
              weighed: String @requires(fields: "grams")
            }
            type Shelf @external { price(currency: Currency!): Int }`,
          resolvers: {
            Good: {
              __resolveReference: (given: Row) => given,
              dollars: ({ price, grams }) => `$${price} ${grams}g`,
              euros: ({ price }) => `€${price}`,
              shelved: ({ shelf }) => `€${shelf.price}`,
              weighed: ({ grams }) => `${grams}g`,
            },
          },
        },
      });

    test('the client’s own field with other arguments stays its own', async () => {
      const { run } = shop();
      const { data } = await run(
        '{ goods { price(currency: EUR) other: price(currency: USD) dollars shelf { price(currency: USD) } shelved } }',
      );
      assert.deepEqual(data?.['goods'], [
        { price: 2, other: 3, dollars: '$3 10g', shelf: { price: 30 }, shelved: '€20' },
        { price: 4, other: 5, dollars: '$5 20g', shelf: { price: 50 }, shelved: '€40' },
      ]);
    });

    test('two fields that require one with different arguments are asked apart, in one request', async () => {
      const { run, asked } = shop();
      const { data } = await run('{ goods { dollars euros weighed shelved } }');
      assert.deepEqual(data?.['goods'], [
        { dollars: '$3 10g', euros: '€2', weighed: '10g', shelved: '€20' },
        { dollars: '$5 20g', euros: '€4', weighed: '20g', shelved: '€40' },
      ]);
      assert.deepEqual(
        asked().map(({ subgraph }) => subgraph),
        ['goods', 'shipping'],
      );
    });

    test('the client asks with a variable what is required with a literal', async () => {
      const { run } = shop();
      const query =
        'query ($in: Currency!, $representations: Currency!) { goods { price(currency: $in) grams euros a: price(currency: $representations) } }';
      const { data } = await run(query, { variables: { in: 'USD', representations: 'EUR' } });
      assert.deepEqual(data?.['goods'], [
        { price: 3, grams: 10, euros: '€2', a: 2 },
        { price: 5, grams: 20, euros: '€4', a: 4 },
      ]);
    });
  });
});

describe('@fromContext', () => {
  const users = [
    { id: 'u1', currency: 'EUR', carts: [{ id: 'c1' }, { id: 'c2' }] },
    { id: 'u2', currency: 'USD', carts: [{ id: 'c1' }] },
    { id: 'u3', currency: null, carts: [] },
  ];
  const shop = () =>
    createFederation({
      users: {
        schema: `
          type Query { users: [User!]! }
          type User @key(fields: "id") @context(name: "buyer") { id: ID! currency: String carts: [Cart!]! }
          type Cart @key(fields: "id") {
            id: ID!
            total(currency: String @fromContext(field: "$buyer { currency }")): String
          }`,
        resolvers: {
          Query: { users: () => users },
          Cart: {
            __resolveReference: (given: Row) => given,
            total: ({ id }: Row, { currency }: { currency: string }) => `${id} in ${currency}`,
          },
        },
      },
      other: {
        schema: 'type Cart @key(fields: "id") { id: ID! gift: Boolean }',
        resolvers: { Cart: { __resolveReference: (given: Row) => given, gift: () => true } },
      },
    });

  test('a value is taken from the object above each entity, though the entity be the same', async () => {
    const { run } = shop();
    const { data, errors } = await run('{ users { currency: id carts { total gift } } }');
    assert.equal(errors, undefined);
    assert.deepEqual(data?.['users'], [
      {
        currency: 'u1',
        carts: [
          { total: 'c1 in EUR', gift: true },
          { total: 'c2 in EUR', gift: true },
        ],
      },
      { currency: 'u2', carts: [{ total: 'c1 in USD', gift: true }] },
      { currency: 'u3', carts: [] },
    ]);
  });

  const currencies = ['EUR', 'USD', 'EUR'];
  const boxed = () =>
    createFederation({
      users: {
        schema: `
          type Query { users: [User!]! }
          type User @key(fields: "id") @context(name: "buyer") { id: ID! currency: String box: Box! }
          type Box @key(fields: "id") { id: ID! }
          type Cart @key(fields: "id") {
            id: ID!
            total(currency: String @fromContext(field: "$buyer { currency }")): String
            label: Label
          }
          type Label @key(fields: "id") { id: ID! }`,
        resolvers: {
          Query: { users: () => currencies.map((currency, id) => ({ id, currency, box: { id: 'b' } })) },
          Cart: {
            __resolveReference: (given: Row) => given,
            total: ({ id }: Row, { currency }: { currency: string }) => `${id} in ${currency}`,
            label: () => ({ id: 'l' }),
          },
        },
      },
      boxes: {
        schema: `
          type Box @key(fields: "id") { id: ID! carts: [Cart!]! }
          type Cart @key(fields: "id", resolvable: false) { id: ID! }`,
        resolvers: { Box: { __resolveReference: (given: Row) => ({ ...given, carts: [{ id: 'c1' }] }) } },
      },
      labels: {
        schema: `
          type Label @key(fields: "id") { id: ID! box: Box }
          type Box @key(fields: "id", resolvable: false) { id: ID! }`,
        resolvers: { Label: { __resolveReference: (given: Row) => ({ ...given, box: { id: 'b' } }) } },
      },
    });

  test('values from above reach what two objects got from one entity', async () => {
    const { data, errors } = await boxed().run('{ users { box { carts { total } } } }');
    assert.equal(errors, undefined);
    assert.deepEqual(
      data?.['users'],
      currencies.map((currency) => ({ box: { carts: [{ total: `c1 in ${currency}` }] } })),
    );
  });

  test('what takes a value from above is asked after what it stands in, however deep that is', async () => {
    const { data, errors } = await boxed().run('{ users { box { carts { label { box { carts { total } } } } } } }');
    assert.equal(errors, undefined);
    assert.deepEqual(
      data?.['users'],
      currencies.map((currency) => ({
        box: { carts: [{ label: { box: { carts: [{ total: `c1 in ${currency}` }] } } }] },
      })),
    );
  });
});

test('mutation fields run one after another, each with all that was asked of it (spec §6.2.2)', async () => {
  const order: string[] = [];
  const slowly = (name: string, value: unknown) => async (): Promise<unknown> => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push(`${name} ends`);
    return value;
  };
  const { run } = createFederation({
    last: {
      schema: `
        type Query { unused: Int }
        type Mutation { third: Int }
        type Thing @key(fields: "id") { id: ID! name: String }`,
      resolvers: {
        Mutation: { third: slowly('third', 3) },
        Thing: { __resolveReference: (given: Row) => given, name: slowly('name', 'n') },
      },
    },
    first: {
      schema: 'type Mutation { first: Thing } type Thing @key(fields: "id") { id: ID! }',
      resolvers: { Mutation: { first: slowly('first', { id: '1' }) } },
    },
    second: { schema: 'type Mutation { second: Int }', resolvers: { Mutation: { second: slowly('second', 2) } } },
  });
  const { data } = await run('mutation { first { name } second third }');
  assert.deepEqual(data, { first: { name: 'n' }, second: 2, third: 3 });
  assert.deepEqual(
    order,
    ['first', 'name', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
});
