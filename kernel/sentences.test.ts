import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomOf } from './fixture/randomOf.ts';
import { sentenceSplitter, splitSentences } from './sentences.ts';

const cases: readonly (readonly [string, readonly string[]])[] = [
  ['Hello there. How are you?', ['Hello there.', 'How are you?']],
  ['It costs 3.5 times less. Really.', ['It costs 3.5 times less.', 'Really.']],
  ['Cuesta 1.299,50 € al año. ¿Le va bien?', ['Cuesta 1.299,50 € al año.', '¿Le va bien?']],
  ['Mr. Smith met Dr. Jones. They talked.', ['Mr. Smith met Dr. Jones.', 'They talked.']],
  ['La Sra. López vive en EE. UU. desde 2010. Llámela.', ['La Sra. López vive en EE. UU. desde 2010.', 'Llámela.']],
  ['Use a tool, e.g. Excel. Fine.', ['Use a tool, e.g. Excel.', 'Fine.']],
  ['We ship to the U.S. office. OK.', ['We ship to the U.S. office.', 'OK.']],
  ['We ship to the U.S. We do not charge.', ['We ship to the U.S.', 'We do not charge.']],
  ['No. We cannot. See No. 5 on the list.', ['No.', 'We cannot.', 'See No. 5 on the list.']],
  ['What?! No way… Yes!', ['What?!', 'No way…', 'Yes!']],
  ['Well... maybe. Or not.', ['Well... maybe.', 'Or not.']],
  ['¡Hola! ¿Qué tal? Bien.', ['¡Hola!', '¿Qué tal?', 'Bien.']],
  ['She said “Stop.” Then she left.', ['She said “Stop.”', 'Then she left.']],
  [
    'Our plans:\n- Basic\n- Pro\n1. First\n2. Second one',
    ['Our plans:', '- Basic', '- Pro', '1. First', '2. Second one'],
  ],
  ['A line that was\nwrapped by hand.', ['A line that was\nwrapped by hand.']],
  ['See example.com or mail a.b@c.de now. Bye.', ['See example.com or mail a.b@c.de now.', 'Bye.']],
  ['Das kostet z.B. 5 €. Gut.', ['Das kostet z.B. 5 €.', 'Gut.']],
  ['你好。再见！', ['你好。', '再见！']],
  ['   ', []],
  ['…', ['…']],
  ['... Hello.', ['... Hello.']],
];
const withoutSpace = (text: string): string => text.replace(/\s+/gu, '');

describe('sentences', () => {
  for (const [text, sentences] of cases) {
    it(`of ${JSON.stringify(text)}`, () => assert.deepEqual(splitSentences(text), sentences));
  }

  it('come out as soon as the next one has begun', () => {
    const splitter = sentenceSplitter();
    assert.deepEqual(splitter.push('Sure, I can help'), []);
    assert.deepEqual(splitter.push(' with that.'), []);
    assert.deepEqual(splitter.push(' What'), ['Sure, I can help with that.']);
    assert.deepEqual(splitter.push(' is it'), []);
    assert.deepEqual(splitter.flush(), ['What is it']);
    assert.deepEqual(splitter.flush(), []);
  });

  it('that never end are cut after a clause, else between words, else anywhere', () => {
    const clauses = splitSentences(`${'word '.repeat(20)}first, ${'word '.repeat(60)}end.`);
    assert.ok(clauses[0]?.endsWith('first,'));
    for (const text of [clauses.join(' '), 'x'.repeat(1_000), '🙂'.repeat(400), `a${' b'.repeat(500)}`]) {
      const sentences = splitSentences(text);
      assert.ok(sentences.every((sentence) => sentence.length <= 220 && sentence.isWellFormed()));
      assert.equal(withoutSpace(sentences.join('')), withoutSpace(text));
    }
  });

  it('do not depend on how the text was cut into pieces, and lose nothing but white space', () => {
    const next = randomOf(7);
    const texts = [
      ...cases.map(([text]) => text),
      cases.map(([text]) => text).join('  '),
      cases.map(([text]) => text).join('\n'),
    ];
    for (const text of texts) {
      const whole = splitSentences(text);
      assert.equal(withoutSpace(whole.join('')), withoutSpace(text));
      for (let round = 0; round < 50; round++) {
        const splitter = sentenceSplitter();
        const pieces: string[] = [];
        for (let at = 0; at < text.length; ) {
          const end = at + 1 + Math.floor(next() * 6);
          pieces.push(...splitter.push(text.slice(at, end)));
          at = end;
        }
        assert.deepEqual([...pieces, ...splitter.flush()], whole);
      }
    }
  });
});
