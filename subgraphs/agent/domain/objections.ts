import type { Language } from './language.ts';

/** What a customer holds against buying. */
export type ObjectionKind =
  | 'PRICE'
  | 'VALUE'
  | 'NEED'
  | 'TIMING'
  | 'AUTHORITY'
  | 'TRUST'
  | 'COMPETITION'
  | 'FEATURES'
  | 'IMPLEMENTATION'
  | 'SUPPORT'
  | 'COMPATIBILITY';

const byIntent: Readonly<Record<string, ObjectionKind>> = {
  objection_price: 'PRICE',
  objection_timing: 'TIMING',
  objection_competitor: 'COMPETITION',
  objection_no_need: 'NEED',
  objection_authority: 'AUTHORITY',
};

// in the order they are tried: the specific before the general
const signs: Readonly<Record<Language, readonly [ObjectionKind, RegExp][]>> = {
  en: [
    [
      'COMPATIBILITY',
      /(?:doesn't|does not|don't|won't|will not|not) (?:work|integrate|connect|be compatible) with|\bnot compatible|incompatible/i,
    ],
    [
      'TRUST',
      /(?:don't|do not|can't|hard to|why should i|not sure i) trust|never heard of (?:you|your)|sounds? (?:like a scam|too good)|i(?:'m| am) (?:sceptical|skeptical|suspicious)|worried about (?:my|our|the) (?:data|privacy|security)/i,
    ],
    [
      'SUPPORT',
      /(?:bad|poor|terrible|awful|slow) (?:support|service|customer service)|(?:nobody|no one|never) (?:ever )?(?:answers|helps|picks up)/i,
    ],
    [
      'IMPLEMENTATION',
      /(?:too|very|sounds|looks|seems) (?:complicated|complex|difficult)|hard to (?:set up|install|implement|learn)|too much (?:work|hassle|effort)|takes too long to (?:set up|install|implement)|disrupt/i,
    ],
    [
      'FEATURES',
      /(?:missing|lacks?|lacking) (?:features?|the|a|something)|not enough features|doesn't (?:have|do|offer) (?:what|enough|everything)/i,
    ],
    [
      'VALUE',
      /not worth|isn't worth|worth (?:the money|it)|what (?:do|would) (?:i|we) (?:get|gain) (?:from|out)|return on (?:investment|that)|\broi\b/i,
    ],
    [
      'PRICE',
      /too (?:expensive|pricey|dear|much money|costly)|(?:can't|cannot|can not|couldn't) (?:afford|pay|stretch)|(?:over|out of|beyond) (?:our|my) (?:budget|price range|means)|no budget|\b(?:pricey|overpriced|steep)\b|(?:that's|it's|is) (?:very |really |so |quite )?expensive/i,
    ],
    [
      'COMPETITION',
      /(?:already|currently) (?:have|use|using|work with|got) (?:a|an|another|one|someone)|cheaper elsewhere|competitor|another (?:provider|vendor|supplier|company)/i,
    ],
    [
      'AUTHORITY',
      /(?:ask|check with|talk to|speak to|run it past|run it by|consult) (?:my|our|the) (?:boss|manager|wife|husband|partner|team|director|finance|board|owner)|not (?:my decision|up to me|the decision maker)/i,
    ],
    [
      'TIMING',
      /(?:not|isn't|bad) (?:a |the )?(?:good |right )?(?:time|moment)|(?:next|later this) (?:year|quarter|month)|too busy|call (?:me )?(?:back )?later/i,
    ],
    ['NEED', /(?:don't|do not) (?:really )?need|no need for|have no use for|works fine (?:as it is|already)/i],
  ],
  es: [
    [
      'COMPATIBILITY',
      /no (?:es|sea|será) compatible|incompatible|no (?:funciona|se integra|se conecta|conecta|va) con/i,
    ],
    [
      'TRUST',
      /no (?:me )?(?:f[ií]o|conf[ií]o)|desconf|nunca (?:he )?o[ií](?:do)? (?:hablar )?de (?:ustedes|vosotros)|suena a estafa|me preocupan? (?:mis|los|la|nuestros) (?:datos|privacidad|seguridad)/i,
    ],
    [
      'SUPPORT',
      /(?:mal|mala|pésimo|pésima|lento) (?:soporte|servicio|atención)|(?:nadie|nunca) (?:contesta|responde|ayuda)/i,
    ],
    [
      'IMPLEMENTATION',
      /(?:muy|demasiado|parece|suena|es) (?:complicad|complej|lios)|difícil de (?:instalar|implantar|configurar|aprender)|(?:mucho|demasiado) (?:trabajo|lío|jaleo)/i,
    ],
    ['FEATURES', /le faltan?|faltan? (?:funciones|cosas)|no tiene (?:lo que|todo|suficiente)|pocas funciones/i],
    ['VALUE', /no (?:lo )?vale (?:la pena|eso|lo que|tanto)|no compensa|qué gano|retorno/i],
    [
      'PRICE',
      /(?:muy|demasiado|tan|bastante|es|qué) car[oa]|carísim|(?:no|ni) (?:me|nos) (?:alcanza|llega|lo puedo|lo podemos)|no (?:puedo|podemos) (?:pagar|permit)|fuera de (?:mi|nuestro) presupuesto|no (?:tengo|tenemos|hay) presupuesto|mucho dinero|dineral/i,
    ],
    [
      'COMPETITION',
      /ya (?:tengo|tenemos|uso|usamos|trabajo|trabajamos) (?:un|una|otr|con)|más barato en otr|competencia|otr[oa] (?:proveedor|empresa|compañía)/i,
    ],
    [
      'AUTHORITY',
      /(?:preguntar|consultar|hablar|consultarlo|hablarlo|comentarlo|preguntarle) (?:a|con) (?:mi|el|la|mis|nuestro)|no (?:depende de mí|lo decido yo|es decisión mía)/i,
    ],
    [
      'TIMING',
      /no es (?:buen |el )?momento|(?:mes|año|trimestre) que viene|más adelante|(?:estoy|estamos) (?:muy )?ocupad/i,
    ],
    [
      'NEED',
      /no (?:lo |la |me |nos )?(?:necesit|hace falta)|no (?:le )?veo (?:la )?utilidad|para qué (?:quiero|me sirve)/i,
    ],
  ],
};

/** The objection a message raises, if any: by its wording first, then by a confident intent. */
export const objectionIn = (
  message: string,
  language: Language,
  intent: { name: string; confidence: number; outOfScope: boolean },
): ObjectionKind | null => {
  const sign = signs[language].find(([, pattern]) => pattern.test(message))?.[0];
  return sign ?? (intent.outOfScope || intent.confidence < 0.5 ? null : (byIntent[intent.name] ?? null));
};

/** Words that, in a document, help against an objection. */
export const objectionCues: Readonly<Record<Language, Readonly<Record<ObjectionKind, string>>>> = {
  en: {
    PRICE: 'discount free trial cancel instalments cheaper',
    VALUE: 'save savings return results customers increase reduce',
    NEED: 'save automate results increase reduce',
    TIMING: 'setup days minutes onboarding cancel',
    AUTHORITY: '',
    TRUST: 'encrypted certified security ISO GDPR privacy references guarantee',
    COMPETITION: 'migrate migration switch import unlike compare',
    FEATURES: 'includes features roadmap',
    IMPLEMENTATION: 'setup onboarding install training migration',
    SUPPORT: 'support help phone hours',
    COMPATIBILITY: 'integrates integration compatible API connect works',
  },
  es: {
    PRICE: 'descuento gratis gratuita prueba permanencia barato',
    VALUE: 'ahorro ahorrar ahorran resultados aumentar reducir',
    NEED: 'ahorro ahorrar automatiza resultados aumenta reduce',
    TIMING: 'instalación días minutos puesta marcha cancelar',
    AUTHORITY: '',
    TRUST: 'cifrado cifrados certificación seguridad ISO RGPD privacidad referencias garantía',
    COMPETITION: 'migración migrar cambiar importar comparación',
    FEATURES: 'incluye funciones',
    IMPLEMENTATION: 'instalación puesta marcha formación migración',
    SUPPORT: 'soporte ayuda teléfono horario atención',
    COMPATIBILITY: 'integra integración compatible API conecta funciona',
  },
};
