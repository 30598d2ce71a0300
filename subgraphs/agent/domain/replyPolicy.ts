import type { ObjectionKind } from './objections.ts';
import type { Ask } from './wording.ts';

export type ConversationPhase =
  | 'GREETING'
  | 'DISCOVERY'
  | 'QUALIFICATION'
  | 'PRESENTATION'
  | 'OBJECTION_HANDLING'
  | 'CLOSING'
  | 'FOLLOW_UP';

/** What the customer does with a turn, once intent, wording and what was asked before are taken together. */
export type Move =
  | 'GREET'
  | 'ASK'
  | 'OBJECT'
  | 'BOOK'
  | 'BUY'
  | 'REFUSE'
  | 'WANT_HUMAN'
  | 'AFFIRM'
  | 'DENY'
  | 'THANK'
  | 'LEAVE'
  | 'ASK_IDENTITY'
  | 'REPEAT'
  | 'TELL'
  | 'STRAY'
  | 'NOISE';

const movesByIntent: Readonly<Record<string, Move>> = {
  greeting: 'GREET',
  book_demo: 'BOOK',
  ready_to_buy: 'BUY',
  not_interested: 'REFUSE',
  ask_human: 'WANT_HUMAN',
  affirm: 'AFFIRM',
  deny: 'DENY',
  thanks: 'THANK',
  goodbye: 'LEAVE',
  ask_identity: 'ASK_IDENTITY',
  repeat: 'REPEAT',
  give_details: 'TELL',
};

// short turns whose meaning no model has to guess; on folded text
const certain: readonly [Move, RegExp][] = [
  [
    'AFFIRM',
    /^(?:yes|yep|yeah|yup|sure|ok|okay|of course|absolutely|definitely|correct|exactly|right|please do|go ahead|sounds good|that works|great|perfect|fine|yes please|why not|si|claro|vale|dale|exacto|correcto|de acuerdo|por supuesto|perfecto|genial|adelante|asi es|eso es|si por favor|claro que si|me parece bien|esta bien|bueno|venga)(?:[\s,.!]+(?:yes|yeah|please|sure|ok|great|thanks|thank you|si|claro|por favor|gracias|perfecto))*[\s.!]*$/,
  ],
  [
    'DENY',
    /^(?:no|nope|nah|not really|no thanks|no thank you|not yet|not now|never|no gracias|todavia no|aun no|ahora no|para nada|que va|mejor no)(?:[\s,.!]+(?:no|thanks|thank you|gracias))*[\s.!]*$/,
  ],
  [
    'THANK',
    /^(?:(?:ok|okay|great|perfect|cool|vale|perfecto|genial|muy bien)[\s,.!]+)?(?:thanks|thank you|thx|cheers|many thanks|gracias|muchas gracias|mil gracias)(?:\s+(?:a lot|so much|very much|por todo|muy amable))?[\s.!]*$/,
  ],
  [
    'LEAVE',
    /^(?:(?:ok|okay|vale|bueno|thanks|thank you|gracias)[\s,.!]+)*(?:bye|goodbye|bye bye|see you|see you later|take care|adios|chao|chau|hasta luego|hasta pronto|nos vemos)(?:[\s,.!]+(?:bye|thanks|gracias|adios))*[\s.!]*$/,
  ],
  [
    'GREET',
    /^(?:hi|hello|hey|good (?:morning|afternoon|evening)|hola|buenas|buenos dias|buenas tardes|buenas noches|hola buenas)(?:[\s,.!]+(?:there|hello|hola|que tal|buenas|buenos dias|buenas tardes))*[\s.!?]*$/,
  ],
  [
    'ASK_IDENTITY',
    /\b(?:are you (?:a |an )?(?:\w+ )?(?:robot|bot|human|ai|machine|computer|real)|am i (?:talking|speaking|chatting) (?:to|with) (?:a |an )?(?:\w+ )?(?:robot|bot|human|ai|machine|computer|person)|who are you|what(?:'?s| is) your name|(?:eres|es usted|hablo con|hablando con) (?:un |una )?(?:\w+ )?(?:robot|bot|humano|humana|ia|maquina|persona)|quien (?:eres|es usted)|como (?:te llamas|se llama usted))\b/,
  ],
  [
    'WANT_HUMAN',
    /\b(?:(?:speak|talk|chat) (?:to|with) (?:a |an |some)?(?:real |live |actual )?(?:human|person|someone|somebody|agent|representative|manager|supervisor)|hablar con (?:un |una |el |la |su )?(?:humano|persona|alguien|agente|asesor|asesora|supervisor|encargado|representante))\b/,
  ],
  [
    'REFUSE',
    /\b(?:not interested|stop calling|do ?n.?t (?:call|contact) me|no (?:me|nos) interesa|no estoy interesad[oa]|dejen? de llamar|no me llamen?)\b/,
  ],
  [
    'REPEAT',
    /^(?:(?:sorry|perdon|disculpe)[\s,]*)?(?:what|huh|pardon|come again|say (?:that|it) again|(?:can|could) you (?:please )?(?:repeat|say)(?: that| it)?(?: again)?|repeat(?: that)?(?: please)?|como|que|como dice|mande|otra vez|repita|(?:puede|puedes|podria) repetir(?:lo)?(?: por favor)?)[\s.?!]*$/,
  ],
];

/** The move a short or formulaic turn makes beyond doubt; `folded` is lower case without accents. */
export const certainMove = (folded: string): Move | null =>
  folded.length > 200 ? null : (certain.find(([, pattern]) => pattern.test(folded))?.[0] ?? null);

/** The move an intent stands for; what asks for knowledge and what objects is decided elsewhere. */
export const moveOf = (intent: { name: string; outOfScope: boolean }): Move => {
  if (intent.outOfScope) return 'STRAY';
  if (intent.name.startsWith('objection_')) return 'OBJECT';
  return movesByIntent[intent.name] ?? 'ASK';
};

/** The phase a conversation is in after a customer's turn. */
export const nextPhase = (
  phase: ConversationPhase,
  move: Move,
  objection: ObjectionKind | null,
  priced: boolean,
): ConversationPhase => {
  if (objection && move === 'OBJECT') return 'OBJECTION_HANDLING';
  switch (move) {
    case 'BUY':
    case 'BOOK':
      return 'CLOSING';
    case 'REFUSE':
    case 'LEAVE':
    case 'WANT_HUMAN':
      return 'FOLLOW_UP';
    case 'ASK':
      return phase === 'CLOSING' || phase === 'FOLLOW_UP'
        ? phase
        : priced || phase !== 'GREETING'
          ? 'PRESENTATION'
          : 'DISCOVERY';
    case 'TELL':
      return phase === 'GREETING' || phase === 'DISCOVERY' ? 'QUALIFICATION' : phase;
    case 'GREET':
      return phase;
    default:
      return phase === 'GREETING' ? 'DISCOVERY' : phase;
  }
};

const asksByPhase: Readonly<Record<ConversationPhase, readonly Ask[]>> = {
  GREETING: ['NEED', 'SIZE', 'MORE'],
  DISCOVERY: ['NEED', 'SIZE', 'DEMO', 'MORE'],
  QUALIFICATION: ['SIZE', 'TIMELINE', 'DEMO', 'MORE'],
  PRESENTATION: ['DEMO', 'TIMELINE', 'MORE'],
  OBJECTION_HANDLING: ['CONCERN', 'DEMO', 'FOLLOW_UP', 'MORE'],
  CLOSING: ['CONTACT', 'TIME', 'MORE'],
  FOLLOW_UP: ['CONTACT', 'MORE'],
};

/** The next question worth asking in a phase: the first that was not asked yet. */
export const nextAsk = (phase: ConversationPhase, asked: ReadonlySet<Ask>): Ask =>
  asksByPhase[phase].find((ask) => !asked.has(ask)) ?? 'MORE';
